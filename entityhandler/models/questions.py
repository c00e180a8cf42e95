"""Questions that an event asks whoever registers."""

import uuid

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.db import models

from entityhandler.models.events import Event
from entityhandler.models.users import User

MOST_CHOICES = 100
CHOICE_LENGTH = 200


def validate_choices(choices: object) -> None:
    """Raise ValidationError unless this is a list of different, short, non-empty texts."""
    texts = choices if isinstance(choices, list) else [None]
    if not all(
        isinstance(text, str) and 0 < len(text.strip()) <= CHOICE_LENGTH and "\0" not in text
        for text in texts
    ):
        raise ValidationError(
            f"Choices are a list of texts of 1 to {CHOICE_LENGTH} characters.", code="invalid"
        )
    if len(texts) > MOST_CHOICES or len({*texts}) < len(texts):
        raise ValidationError(f"{MOST_CHOICES} different choices at most.", code="invalid")


class QuestionQuerySet(models.QuerySet["Question"]):
    """Named subsets of questions."""

    def visible_to(self, user: "User | AnonymousUser") -> "QuestionQuerySet":
        """Return the questions of the events this user may see."""
        return self.filter(event__in=Event.objects.visible_to(user))


class Question(models.Model):
    """Something an event wants to know of everybody who registers.

    The answers are kept on the registration, under the question's id.
    """

    class Kind(models.TextChoices):
        """What an answer is: a text, one choice, a list of them, a number, or true for consent."""

        TEXT = "text", "text"
        CHOICE = "choice", "one of the choices"
        MULTIPLE_CHOICE = "multiple_choice", "any of the choices"
        NUMBER = "number", "number"
        CONSENT = "consent", "consent"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="questions")
    prompt = models.CharField(max_length=500)
    kind = models.CharField(max_length=15, choices=Kind.choices)
    required = models.BooleanField(default=False)
    choices = models.JSONField(
        default=list,
        blank=True,
        validators=[validate_choices],
        help_text="For the two kinds of choice.",
    )
    place = models.PositiveSmallIntegerField(
        default=0, help_text="Questions are asked in this order."
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = QuestionQuerySet.as_manager()

    class Meta:
        ordering = ["place", "created_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["event", "prompt"],
                name="question_prompt_once_per_event",
                violation_error_code="question_asked_already",
                violation_error_message="The event asks this already.",
            ),
        ]

    def __str__(self) -> str:
        return self.prompt

    @property
    def offers_choices(self) -> bool:
        """Whether an answer picks from `choices`."""
        return self.kind in (self.Kind.CHOICE, self.Kind.MULTIPLE_CHOICE)

    def clean(self) -> None:
        """Refuse a question of choice without choices, and choices elsewhere."""
        if self.offers_choices != bool(self.choices):
            text = "Name the choices." if self.offers_choices else "This kind has no choices."
            raise ValidationError({"choices": ValidationError(text, code="invalid")})
