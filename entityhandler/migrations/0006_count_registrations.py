"""PostgreSQL counts the registrations of each event and status itself."""

from django.db import migrations

# Once per statement, however many rows it changes: a thousand people who move up at once are one
# change of two counts. In the order of events, so that two statements never wait for each other
# crosswise.
COUNT = """
CREATE FUNCTION entityhandler_count_registrations() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO entityhandler_registrationcount AS kept (event_id, status, count)
        SELECT event_id, status, count(*) FROM added
         GROUP BY event_id, status ORDER BY event_id, status
        ON CONFLICT (event_id, status) DO UPDATE SET count = kept.count + excluded.count;
    ELSIF TG_OP = 'UPDATE' THEN
        INSERT INTO entityhandler_registrationcount AS kept (event_id, status, count)
        SELECT event_id, status, sum(step)
          FROM (SELECT event_id, status, 1 AS step FROM added
                UNION ALL SELECT event_id, status, -1 FROM removed) AS changed
         GROUP BY event_id, status HAVING sum(step) <> 0 ORDER BY event_id, status
        ON CONFLICT (event_id, status) DO UPDATE SET count = kept.count + excluded.count;
    ELSIF TG_OP = 'DELETE' THEN
        UPDATE entityhandler_registrationcount AS kept SET count = kept.count - gone.count
          FROM (SELECT event_id, status, count(*) FROM removed GROUP BY event_id, status) AS gone
         WHERE kept.event_id = gone.event_id AND kept.status = gone.status;
    ELSE
        DELETE FROM entityhandler_registrationcount;
    END IF;
    RETURN NULL;
END $$;

-- Statements change one kind of row at a time, and a trigger that sees them belongs to one kind.
CREATE TRIGGER registration_added_is_counted AFTER INSERT ON entityhandler_registration
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION entityhandler_count_registrations();
CREATE TRIGGER registration_changed_is_counted AFTER UPDATE ON entityhandler_registration
    REFERENCING OLD TABLE AS removed NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION entityhandler_count_registrations();
CREATE TRIGGER registration_removed_is_counted AFTER DELETE ON entityhandler_registration
    REFERENCING OLD TABLE AS removed
    FOR EACH STATEMENT EXECUTE FUNCTION entityhandler_count_registrations();
CREATE TRIGGER registrations_truncated_are_counted AFTER TRUNCATE ON entityhandler_registration
    FOR EACH STATEMENT EXECUTE FUNCTION entityhandler_count_registrations();

INSERT INTO entityhandler_registrationcount (event_id, status, count)
SELECT event_id, status, count(*) FROM entityhandler_registration GROUP BY event_id, status;
"""
DROP_COUNT = """
DROP TRIGGER registrations_truncated_are_counted ON entityhandler_registration;
DROP TRIGGER registration_removed_is_counted ON entityhandler_registration;
DROP TRIGGER registration_changed_is_counted ON entityhandler_registration;
DROP TRIGGER registration_added_is_counted ON entityhandler_registration;
DROP FUNCTION entityhandler_count_registrations();
DELETE FROM entityhandler_registrationcount;
"""


class Migration(migrations.Migration):
    """Adds the triggers, and counts what is there already."""

    dependencies = [("entityhandler", "0005_lists_of_registrations")]

    operations = [migrations.RunSQL(COUNT, DROP_COUNT)]
