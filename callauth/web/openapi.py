"""What OpenAPI is told of an operation: all that it takes, and all that it answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from .answers import VerificationState
from .events import HEADERS
from .operations import Operation
from .problems import MEDIA_TYPE, Problem, status_of, title_of

_STATE = VerificationState.__name__
SchemaOf: TypeAlias = Callable[[type], Mapping[str, Any]]
"""Makes the JSON schema of a dataclass."""

_EVENT = {
    "type": "object",
    "properties": {
        "id": {"type": "string"},
        "event": {"const": "state"},
        "retry": {"type": "integer"},
        "data": {
            "type": "string",
            "contentMediaType": "application/json",
            "contentSchema": {"$ref": f"#/components/schemas/{_STATE}"},
        },
    },
    "required": ["id", "event", "data"],
}


def described(operation: Operation, schema_of: SchemaOf) -> dict[str, Any]:
    """Return the arguments with which FastAPI adds and describes the route."""
    return {
        "methods": [operation.verb],
        "name": operation.name,
        "operation_id": operation.name,
        "summary": operation.summary,
        "status_code": operation.status,
        "response_model": operation.answers,
        "responses": _responses(operation, schema_of),
        "openapi_extra": _request(operation, schema_of),
    }


def _request(operation: Operation, schema_of: SchemaOf) -> dict[str, Any]:
    taken: dict[str, Any] = {"parameters": _parameters(operation)}
    if operation.takes is not None:
        schema = {**schema_of(operation.takes), "additionalProperties": False}
        taken["requestBody"] = {
            "required": bool(schema.get("required")),
            "content": {"application/json": {"schema": schema}},
        }
    return taken


def _responses(
    operation: Operation, schema_of: SchemaOf
) -> dict[int | str, dict[str, Any]]:
    problem = {MEDIA_TYPE: {"schema": schema_of(Problem)}}
    responses: dict[int | str, dict[str, Any]] = {}
    for status in sorted({status_of(kind) for kind in operation.problems}):
        titles = [title_of(k) for k in operation.problems if status_of(k) == status]
        responses[status] = {"description": "; ".join(titles), "content": problem}
    if operation.answers is None:
        events = {HEADERS["Content-Type"]: {"itemSchema": _EVENT}}
        responses[200] = {"description": "The events", "content": events}
        responses[204] = {"description": "All has been told"}
    return responses


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    if "{id}" in operation.path:
        text = {"type": "string"}
        found.append({"name": "id", "in": "path", "required": True, "schema": text})
    for name, schema in operation.query.items():
        found.append({"name": name, "in": "query", "schema": dict(schema)})
    return found
