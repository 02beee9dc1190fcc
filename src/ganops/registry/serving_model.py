"""The generator as an MLflow model. MLflow copies this file into the model and runs it: "models from code".

`mlflow models serve` answers {"inputs": [{"n": 4, "seed": 7, "class_label": 3, "truncation": 1.0}, …]} with one list
per request: pictures as base64 PNG, points as lists of coordinates, clips as base64 WAV, text as it is. What a request
holds is the game's.
"""

from typing import TYPE_CHECKING, Any

from mlflow.exceptions import MlflowException
from mlflow.models import set_model
from mlflow.pyfunc import PythonModel
from pydantic import BaseModel, ConfigDict

from ganops.errors import RequestError
from ganops.games.request import GenerationRequest
from ganops.registry.codecs import CODECS, find_facts
from ganops.registry.requests import answer, parse_request

if TYPE_CHECKING:
    from mlflow.pyfunc import PythonModelContext


class JsonRequest(BaseModel):
    """A request before the game's own type has checked it: MLflow requires a type that needs no bundle."""

    model_config = ConfigDict(extra="allow", strict=True)

    n: int = 1
    seed: int = 0


class ServingModel(PythonModel):
    """Answers requests on the CPU. Each request has noise of its own, so the same seed gives the same bytes."""

    def load_context(self, context: "PythonModelContext") -> None:
        """Read the bundle and the largest number of samples per call."""
        from ganops.bundle import Bundle

        self._bundle = Bundle.load(context.artifacts["bundle"])
        self._largest = context.model_config["largest_request"]

    # The return type is not annotated: MLflow has none that depends on the field, and warns about unknown types.
    def predict(self, model_input: list[JsonRequest]):
        """Return one list of samples per request; a bad request gets status 400 and the reason."""
        try:
            requests = [parse_request(self._bundle, one.model_dump(exclude_unset=True)) for one in model_input]
            self._check_size(requests)
            return [self._generate(request) for request in requests]
        except RequestError as error:
            raise MlflowException.invalid_parameter_value(str(error)) from None

    def _generate(self, request: GenerationRequest) -> list[Any]:
        to_json, facts = CODECS[self._bundle.game.generates].to_json, find_facts(self._bundle)
        return [to_json(sample, facts) for sample in answer(self._bundle, request).values]

    def _check_size(self, requests: list[GenerationRequest]) -> None:
        total = sum(request.n for request in requests)
        if total > self._largest:
            raise RequestError(
                "n",
                expected=f"at most {self._largest} samples per call",
                received=str(total),
                remedy="Split it into several calls, each with another seed.",
            )


set_model(ServingModel())
