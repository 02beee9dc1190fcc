"""The generator as an MLflow model. MLflow copies this file into the model and runs it: "models from code".

`mlflow models serve` answers {"inputs": [{"n": 4, "seed": 7, "class_label": 3, "truncation": 1.0}, …]} with one list
per request: pictures as base64 PNG, points as lists of coordinates. A bad request gets status 400 and the reason.
"""

from typing import TYPE_CHECKING, Any

from mlflow.exceptions import MlflowException
from mlflow.models import set_model
from mlflow.pyfunc import PythonModel

from ganops.errors import RequestError
from ganops.games.request import LatentRequest
from ganops.registry.codecs import CODECS

if TYPE_CHECKING:
    from mlflow.pyfunc import PythonModelContext


class ServingModel(PythonModel):
    """Answers requests on the CPU. Each request has noise of its own, so the same seed gives the same bytes."""

    def load_context(self, context: "PythonModelContext") -> None:
        """Read the bundle and the largest number of samples per call."""
        from ganops.bundle import Bundle

        self._bundle = Bundle.load(context.artifacts["bundle"])
        self._largest = context.model_config["largest_request"]

    # The return type is not annotated: MLflow has none that depends on the field, and warns about unknown types.
    def predict(self, model_input: list[LatentRequest]):
        """Return one list of samples per request; MLflow checks the fields, and answers 400 where they are wrong."""
        try:
            self._check_size(model_input)
            return [self._generate(request) for request in model_input]
        except RequestError as error:
            raise MlflowException.invalid_parameter_value(str(error)) from None

    def _generate(self, request: LatentRequest) -> list[Any]:
        return list(map(CODECS[self._bundle.settings.sample.field].to_json, self._bundle.generate(request).values))

    def _check_size(self, requests: list[LatentRequest]) -> None:
        total = sum(request.n for request in requests)
        if total > self._largest:
            raise RequestError(
                "n",
                expected=f"at most {self._largest} samples per call",
                received=str(total),
                remedy="Split it into several calls, each with another seed.",
            )


set_model(ServingModel())
