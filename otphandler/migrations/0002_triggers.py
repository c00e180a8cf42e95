"""What PostgreSQL itself holds to, whichever path forgets it."""

from django.db import migrations

# Cancelling a registration kills its secret in the same transaction, whoever cancels it and
# however. Updating the ticket row also makes the cancellation wait for a scan that holds it, and
# the next scan see it: the gate locks one row and needs no second lock on the registration.
REVOKE_TICKET = """
CREATE FUNCTION otphandler_revoke_ticket() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE otphandler_ticket
       SET revoked_at = clock_timestamp(), sealed_secret = ''
     WHERE event_id = NEW.event_id AND registration_id = NEW.id AND revoked_at IS NULL;
    RETURN NULL;
END $$;

CREATE TRIGGER registration_revokes_ticket
    AFTER UPDATE OF status ON entityhandler_registration
    FOR EACH ROW WHEN (OLD.status = 'confirmed' AND NEW.status <> 'confirmed')
    EXECUTE FUNCTION otphandler_revoke_ticket();
"""
DROP_REVOKE_TICKET = """
DROP TRIGGER registration_revokes_ticket ON entityhandler_registration;
DROP FUNCTION otphandler_revoke_ticket();
"""

# The audit is added to and never changed, not even by the application's own role. The one way out
# is a purge: the transaction names the event, and the event ended 30 days ago or earlier.
APPEND_ONLY = """
CREATE FUNCTION otphandler_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE'
        AND current_setting('ticketmgr.purged_event', true) = OLD.event_id::text
        AND EXISTS (SELECT FROM entityhandler_event
                     WHERE id = OLD.event_id AND ends_at <= now() - interval '30 days')
    THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'scans are append-only: % is refused', TG_OP
        USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE TRIGGER scan_is_append_only
    BEFORE UPDATE OR DELETE ON otphandler_scan
    FOR EACH ROW EXECUTE FUNCTION otphandler_refuse_change();
"""
DROP_APPEND_ONLY = """
DROP TRIGGER scan_is_append_only ON otphandler_scan;
DROP FUNCTION otphandler_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("otphandler", "0001_initial"), ("entityhandler", "0001_initial")]

    operations = [
        migrations.RunSQL(REVOKE_TICKET, DROP_REVOKE_TICKET),
        migrations.RunSQL(APPEND_ONLY, DROP_APPEND_ONLY),
    ]
