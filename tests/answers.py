"""What tests read off answers of the API."""

from typing import Any


def refusal(answer: Any) -> tuple[int, str]:
    """Return status and code of a problem document."""
    assert answer["Content-Type"] == "application/problem+json"
    return answer.status_code, answer.json()["code"]


def pointers(answer: Any) -> dict[str, str]:
    """Return the code of each invalid part by its pointer."""
    assert refusal(answer) == (400, "invalid")
    return {part["pointer"]: part["code"] for part in answer.json()["errors"]}


def ids(answer: Any) -> list[str]:
    """Return the ids of a page."""
    assert answer.status_code == 200, answer.json()
    return [row["id"] for row in answer.json()["results"]]
