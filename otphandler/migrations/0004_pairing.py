"""A device is paired by a one-time link, reports its queue, and may be let admit by hand."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('entityhandler', '0002_ticket_types_questions_guests'),
        ('otphandler', '0003_fit_the_gate'),
    ]

    operations = [
        migrations.AddField(
            model_name='scanner',
            name='may_override',
            field=models.BooleanField(default=False, verbose_name='may admit by hand'),
        ),
        migrations.AddField(
            model_name='scanner',
            name='paired_at',
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name='scanner',
            name='pairing_digest',
            field=models.BinaryField(max_length=32, null=True),
        ),
        migrations.AddField(
            model_name='scanner',
            name='pairing_expires_at',
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name='scanner',
            name='queue_length',
            field=models.PositiveIntegerField(blank=True, editable=False, null=True),
        ),
        migrations.AddIndex(
            model_name='scanner',
            index=models.Index(condition=models.Q(('pairing_digest__isnull', False)), fields=['pairing_digest'], name='scanner_by_pairing_digest'),
        ),
        migrations.AddConstraint(
            model_name='scanner',
            constraint=models.UniqueConstraint(fields=('event', 'pairing_digest'), name='scanner_pairing_digest_once'),
        ),
        migrations.AddConstraint(
            model_name='scanner',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('pairing_digest__isnull', True), ('pairing_expires_at__isnull', True)), models.Q(('pairing_digest__isnull', False), ('pairing_expires_at__isnull', False)), _connector='OR'), name='scanner_pairing_has_an_end'),
        ),
    ]
