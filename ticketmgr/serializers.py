"""What every serializer of the project shares."""

import re
import uuid
from datetime import datetime
from typing import Any

from django.db import models
from rest_framework import serializers


class AwareDateTimeField(serializers.DateTimeField):
    """An RFC 3339 time: input must carry an offset, output is UTC with `Z`."""

    default_error_messages = {
        "no_offset": "The time has no offset; write 2026-11-22T18:00:00Z or …+01:00.",
    }

    def enforce_timezone(self, value: datetime) -> Any:
        """Refuse a time that names no offset: nobody can know which moment it means."""
        if value.tzinfo is None:
            self.fail("no_offset")
        return super().enforce_timezone(value)


class CanonicalUUIDField(serializers.UUIDField):
    """A UUID in its hyphenated form, in either case; no integers, braces or URNs."""

    FORM = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)

    def to_internal_value(self, data: Any) -> uuid.UUID:
        """Return the UUID; anything but the one form is invalid."""
        if not isinstance(data, str) or not self.FORM.fullmatch(data):
            self.fail("invalid", value=data)
        return uuid.UUID(data)


class ModelSerializer(serializers.ModelSerializer[Any]):
    """A model serializer whose times must carry an offset and whose ids have one form."""

    serializer_field_mapping = {
        **serializers.ModelSerializer.serializer_field_mapping,
        models.DateTimeField: AwareDateTimeField,
        models.UUIDField: CanonicalUUIDField,
    }


def validated(serializer: serializers.BaseSerializer[Any]) -> Any:
    """Return the input of a bound serializer once it is valid; raises ValidationError."""
    serializer.is_valid(raise_exception=True)
    return serializer.validated_data
