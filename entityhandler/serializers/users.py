"""The JSON of accounts and tokens."""

from typing import Any

from rest_framework import serializers

from entityhandler.models import User, UserToken
from ticketmgr.serializers import AwareDateTimeField, CanonicalUUIDField, ModelSerializer

# Hashing is slow on purpose; a longer password only makes it slower.
PASSWORD_MAX_LENGTH = 1000


class PasswordField(serializers.CharField):
    """A password on its way in: never trimmed, never shown."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            write_only=True,
            trim_whitespace=False,
            max_length=PASSWORD_MAX_LENGTH,
            style={"input_type": "password"},
            **options,
        )


class UserSerializer(ModelSerializer):
    """A person as everybody entitled sees them."""

    class Meta:
        model = User
        fields = ["id", "email", "full_name"]


class SignUpSerializer(UserSerializer):
    """A new account."""

    password = PasswordField()

    class Meta(UserSerializer.Meta):
        fields = ["email", "full_name", "password"]


class ProfileSerializer(UserSerializer):
    """One's own account; a new password needs the current one."""

    password = PasswordField(required=False)
    current_password = PasswordField(required=False)

    class Meta(UserSerializer.Meta):
        fields = ["id", "email", "full_name", "is_staff", "password", "current_password"]
        read_only_fields = ["is_staff"]


class StaffUserSerializer(UserSerializer):
    """An account as staff sees and changes it; making somebody staff is for superusers."""

    class Meta(UserSerializer.Meta):
        fields = [
            "id",
            "email",
            "full_name",
            "is_active",
            "is_staff",
            "is_guest",
            "created_at",
            "updated_at",
        ]
        read_only_fields = ["is_guest", "created_at", "updated_at"]


class CredentialsSerializer(serializers.Serializer[Any]):
    """What opens an account."""

    # No e-mail check: whatever was typed either opens an account or does not.
    email = serializers.CharField(max_length=254)
    password = PasswordField()


class SignInSerializer(CredentialsSerializer):
    """What a token is made from."""

    label = serializers.CharField(  # type: ignore[assignment]  # the contract's name
        max_length=100, required=False, default="", allow_blank=True
    )


class TokenSerializer(ModelSerializer):
    """A token as its owner finds it again: everything but its text."""

    class Meta:
        model = UserToken
        fields = ["id", "label", "created_at", "expires_at"]


class NewTokenSerializer(serializers.Serializer[Any]):
    """A token just made; `token` is shown this once."""

    id = CanonicalUUIDField()
    token = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # the contract's name
    expires_at = AwareDateTimeField()
    user = UserSerializer()
