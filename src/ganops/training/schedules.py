"""What changes as images are seen: functions of the clock, so that they need no state of their own."""

from ganops.config import Settings


def learning_rate(settings: Settings, images_seen: int) -> float:
    """Constant, or falling linearly to zero at total_images (Gulrajani et al. 2017, WGAN-GP, appendix F)."""
    match settings.learning_rate_decay:
        case "none":
            return settings.learning_rate
        case "linear":
            return settings.learning_rate * (1 - images_seen / settings.total_images)
