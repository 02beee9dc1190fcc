"""The generator as an MLflow model. MLflow copies this file into the model and runs it: "models from code".

`mlflow models serve` answers {"inputs": [{"n": 4, "seed": 7, "class_label": 3, "truncation": 1.0}, …]} with one list a
request: of pictures as base64 PNGs, of points as lists of coordinates. A bad request is answered with status 400 and
its reason.
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
    """Answers requests on the CPU; a request's noise is its own, so the same seed gives the same bytes."""

    def load_context(self, context: "PythonModelContext") -> None:
        """Read the bundle and the largest number of samples that one call may ask for."""
        from ganops.bundle import Bundle

        self._bundle = Bundle.load(context.artifacts["bundle"])
        self._largest = context.model_config["largest_request"]

    # What it gives is not annotated: MLflow knows no type that follows the field, and warns of those it does not know.
    def predict(self, model_input: list[LatentRequest]):
        """One list of samples a request; MLflow checks the fields, and answers 400 where they are wrong."""
        try:
            self._check_size(model_input)
            return [self._samples(request) for request in model_input]
        except RequestError as error:
            raise MlflowException.invalid_parameter_value(str(error)) from None

    def _samples(self, request: LatentRequest) -> list[Any]:
        return list(map(CODECS[self._bundle.settings.sample.field].answer, self._bundle.generate(request).values))

    def _check_size(self, requests: list[LatentRequest]) -> None:
        asked = sum(request.n for request in requests)
        if asked > self._largest:
            raise RequestError(
                "n",
                expected=f"at most {self._largest} samples a call",
                received=str(asked),
                remedy="Ask for fewer, in several calls with seeds of their own.",
            )


set_model(ServingModel())
