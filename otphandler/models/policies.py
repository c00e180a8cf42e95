"""How the codes of an event look and how long they are accepted."""

import uuid

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from entityhandler.models import Event
from otphandler.profiles import TERMS, Profile, lifetime_s
from otphandler.totp import Algorithm, Parameters, Tolerance


class OtpPolicy(models.Model):
    """One per event. Tickets freeze algorithm, digits and period; tolerances apply at the gate.

    The defaults are the profile `authenticator`, which every authenticator app and wallet can show.
    """

    class AlgorithmChoice(models.TextChoices):
        """The HMAC of a code."""

        SHA1 = Algorithm.SHA1.value, "SHA-1"
        SHA256 = Algorithm.SHA256.value, "SHA-256"
        SHA512 = Algorithm.SHA512.value, "SHA-512"

    profile = models.CharField(
        max_length=13, choices=Profile.choices, default=Profile.AUTHENTICATOR
    )
    event = models.OneToOneField(
        Event, on_delete=models.CASCADE, primary_key=True, related_name="otp_policy"
    )
    algorithm = models.CharField(
        max_length=6, choices=AlgorithmChoice.choices, default=AlgorithmChoice.SHA1
    )
    digits = models.PositiveSmallIntegerField(
        default=6, validators=[MinValueValidator(6), MaxValueValidator(8)]
    )
    period_s = models.PositiveSmallIntegerField(
        "period (seconds)",
        default=30,
        validators=[MinValueValidator(15), MaxValueValidator(60)],
    )
    # What bounds the tolerances is the life of a code, see `clean`.
    past_tolerance_s = models.PositiveSmallIntegerField(
        "accepted after its time (seconds)", default=30, validators=[MaxValueValidator(60)]
    )
    future_tolerance_s = models.PositiveSmallIntegerField(
        "accepted before its time (seconds)", default=30, validators=[MaxValueValidator(60)]
    )
    secret_available_from = models.DateTimeField(
        null=True, blank=True, help_text="Empty: as soon as a registration is confirmed."
    )
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = "OTP policy"
        verbose_name_plural = "OTP policies"
        constraints = [
            models.CheckConstraint(
                condition=Q(digits__range=(6, 8)) & Q(period_s__range=(15, 60)),
                name="otp_policy_within_bounds",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.algorithm}, {self.digits} digits, {self.period_s} s"

    def clean(self) -> None:
        """Refuse a code that lives longer than the profile promises, with the arithmetic."""
        if None in (self.period_s, self.past_tolerance_s, self.future_tolerance_s):
            return
        lifetime = lifetime_s(self.period_s, self.past_tolerance_s, self.future_tolerance_s)
        bound = TERMS[Profile(self.profile)].max_lifetime_s
        if lifetime > bound:
            raise ValidationError(
                f"A code would live {self.period_s} + {self.past_tolerance_s} + "
                f"{self.future_tolerance_s} = {lifetime} s (its period, accepted late, accepted "
                f"early); the profile {self.profile} allows {bound} s.",
                code="code_lives_too_long",
            )

    @classmethod
    def of(cls, event_id: uuid.UUID) -> "OtpPolicy":
        """Return the event's policy, or the unsaved default where none was ever set."""
        found = cls.objects.filter(pk=event_id).first()
        return found if found is not None else cls(event_id=event_id)

    @property
    def parameters(self) -> Parameters:
        """What a ticket issued now is frozen with."""
        return Parameters(Algorithm(self.algorithm), self.digits, self.period_s)

    @property
    def tolerance(self) -> Tolerance:
        """What the gate applies now."""
        return Tolerance(self.past_tolerance_s, self.future_tolerance_s)
