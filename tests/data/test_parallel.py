import threading
from concurrent.futures import ThreadPoolExecutor

from ganops.data.parallel import map_in_order
from ganops.data.pixel_budget import PixelBudget


def test_results_come_in_the_order_of_the_items() -> None:
    assert list(map_in_order(lambda item: item**2, range(1000), workers=7)) == [item**2 for item in range(1000)]


def test_few_items_are_in_flight() -> None:
    begun: list[int] = []
    results = map_in_order(begun.append, range(100_000), workers=2)
    next(results)
    results.close()  # type: ignore[attr-defined]
    assert len(begun) < 1000


def test_threads_never_exceed_the_budget() -> None:
    budget, lock, held, most = PixelBudget(100), threading.Lock(), [0], [0]

    def work(pixels: int) -> None:
        with budget.take(pixels):
            with lock:
                held[0] += min(pixels, 100)
                most[0] = max(most[0], held[0])
            with lock:
                held[0] -= min(pixels, 100)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, [30, 90, 10, 250, 60] * 100))
    assert 0 < most[0] <= 100
    assert held == [0]


def test_a_failure_releases_its_pixels() -> None:
    budget = PixelBudget(10)
    for _ in range(3):
        try:
            with budget.take(10):
                raise ValueError
        except ValueError:
            pass

    def take_all() -> None:
        with budget.take(10):
            pass

    thread = threading.Thread(target=take_all, daemon=True)
    thread.start()
    thread.join(60)
    assert not thread.is_alive(), "it waits for pixels that were not given back"
