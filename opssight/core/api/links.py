"""Links of the OpenAPI document: which operations take the id that an answer gives."""

from typing import Any

JSON = dict[str, Any]


def add_links(document: JSON) -> None:
    """From a collection's answers to the operations of one row: read, change, delete, actions."""
    paths = document["paths"]
    for path, operations in paths.items():
        row = f"{path}{{id}}/"
        if row not in paths:
            continue
        targets = [
            operation
            for other, others in paths.items()
            if other.startswith(row) and other.count("{") == 1
            for operation in others.values()
        ]
        _link(operations.get("get"), "200", targets, "$response.body#/results/0/id")
        _link(operations.get("post"), "201", targets, "$response.body#/id")


def _link(operation: JSON | None, status: str, targets: list[JSON], place: str) -> None:
    answer = operation["responses"].get(status) if operation else None
    if answer is None:
        return
    answer["links"] = {
        target["operationId"]: {
            "operationId": target["operationId"],
            "parameters": {"id": place},
            "description": target.get("summary", ""),
        }
        for target in targets
    }
