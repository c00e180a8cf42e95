"""The JSON of imports of registrations."""

from typing import Any

from rest_framework import serializers

from entityhandler.models import RegistrationImport, RowStatus
from ticketmgr.serializers import CanonicalUUIDField, ModelSerializer


class ImportParametersSerializer(serializers.Serializer[Any]):
    """The query string of an import."""

    dry_run = serializers.BooleanField(
        default=False, help_text="Report what the file would do, and write nothing."
    )
    import_id = CanonicalUUIDField(
        required=False,
        help_text="An id of your own, under which the progress is read meanwhile; the same file "
        "under the same id is not imported twice.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse a name that is none: `?dryrun=true` must not import anything."""
        unknown = self.initial_data.keys() - self.fields.keys()
        if unknown:
            raise serializers.ValidationError(
                dict.fromkeys(sorted(unknown), "There is no such parameter."), code="unknown"
            )
        return attrs


class RowErrorSerializer(serializers.Serializer[Any]):
    """What is wrong with a row; `column` is null where it is no single one."""

    column = serializers.CharField(allow_null=True)
    code = serializers.CharField()
    detail = serializers.CharField()


class RowResultSerializer(serializers.Serializer[Any]):
    """What came of a row; rows are counted as a spreadsheet does, the header being 1."""

    row = serializers.IntegerField()
    status = serializers.ChoiceField(choices=RowStatus.values)
    errors = RowErrorSerializer(many=True)  # type: ignore[assignment] # a field, not the property


class ImportSerializer(ModelSerializer):
    """How far an import is, and what it did so far."""

    event = CanonicalUUIDField(source="event_id")
    by = CanonicalUUIDField(source="by_id", allow_null=True)

    class Meta:
        model = RegistrationImport
        fields = [
            "id",
            "event",
            "by",
            "dry_run",
            "state",
            "rows_total",
            "rows_done",
            "created",
            "updated",
            "unchanged",
            "failed",
            "started_at",
            "updated_at",
            "finished_at",
        ]
        read_only_fields = fields


class ImportReportSerializer(ImportSerializer):
    """An import with its rows: the first 1,000 refused ones, wherever it is read again."""

    rows = RowResultSerializer(many=True, source="refused_rows")

    class Meta(ImportSerializer.Meta):
        fields = [*ImportSerializer.Meta.fields, "rows"]
        read_only_fields = fields
