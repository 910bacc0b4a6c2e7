from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from opssight.audit import queries
from opssight.audit.models import AuditEntry
from opssight.core.api.serializers import TenantSerializer


class AuditEntrySerializer(TenantSerializer[AuditEntry]):
    who = serializers.SerializerMethodField(
        help_text="Who did it, in words: a person, a task, a command."
    )
    user = serializers.IntegerField(source="user_id", read_only=True, allow_null=True)
    before = serializers.DictField(
        read_only=True, allow_null=True, help_text="Column values before, of those that changed."
    )
    after = serializers.DictField(
        read_only=True, allow_null=True, help_text="Column values after, of those that changed."
    )
    context = serializers.DictField(  # type: ignore[assignment]
        read_only=True, help_text="From where: address, request_id, path, token, task, command."
    )

    class Meta:
        model = AuditEntry
        fields = [
            "id",
            "at",
            "user",
            "who",
            "action",
            "subject",
            "subject_id",
            "label",
            "before",
            "after",
            "context",
            "position",
            "hash",
        ]
        read_only_fields = fields

    @extend_schema_field(serializers.CharField())
    def get_who(self, entry: AuditEntry) -> str:
        return queries.actor_of(entry)
