-- Two million registrations of a million people, as `bench/lists.py` measures the lists on them:
-- 1,000,000 at one event (100,000 of them wait) and 1,000 at each of 1,000 events. Made in the
-- server: sending rows would take longer than making them.
SELECT setseed(0.42);

-- Names as people have them: few that are common, many that are rare. 600 given names and 6,000
-- family names, of syllables; the square of a random number prefers the first ones.
CREATE TEMPORARY TABLE syllable AS
SELECT place - 1 AS place, text
FROM unnest(ARRAY['ma','an','jo','le','ka','ri','so','el','ni','da','ro','vi','ta','be','lu','mi',
                  'fe','no','ga','zo']) WITH ORDINALITY AS one (text, place);
CREATE TEMPORARY TABLE given AS
SELECT row_number() OVER (ORDER BY md5(a.text || b.text || c.text)) AS place,
       initcap(a.text || b.text || c.text) AS name
FROM syllable a, syllable b, syllable c WHERE c.place < 2 LIMIT 600;
CREATE TEMPORARY TABLE family AS
SELECT row_number() OVER (ORDER BY md5(a.text || b.text || c.text)) AS place,
       initcap(a.text || b.text || c.text) || CASE WHEN c.place %% 2 = 0 THEN 'sen' ELSE 'ë' END AS name
FROM syllable a, syllable b, syllable c LIMIT 6000;

CREATE TEMPORARY TABLE person AS
SELECT number, gen_random_uuid() AS id, given.name AS given, family.name AS family
FROM (SELECT number, 1 + floor(600 * random() ^ 2) AS first, 1 + floor(6000 * random() ^ 2) AS last
      FROM generate_series(1, %(people)s) AS number) AS drawn
JOIN given ON given.place = first
JOIN family ON family.place = last;

INSERT INTO entityhandler_user (id, email, full_name, password, is_superuser, is_active, is_staff,
                                is_guest, created_at, updated_at)
SELECT id, lower(given || '.' || replace(family, 'ë', 'e')) || number || '@'
           || (ARRAY['example.org','mail.example','post.example'])[1 + number %% 3],
       given || ' ' || family, '!', FALSE, TRUE, FALSE, FALSE,
       now() - number * interval '8 seconds', now() - number * interval '8 seconds'
FROM person ORDER BY number DESC;

-- Event number 0 is the large one.
CREATE TEMPORARY TABLE many AS
SELECT number, gen_random_uuid() AS id FROM generate_series(0, %(events)s) AS number;
INSERT INTO entityhandler_event
    (id, name, description, venue, time_zone, starts_at, ends_at, status, requires_approval,
     waitlist_enabled, entry_policy, seats_taken, waitlist_length, created_at, updated_at)
SELECT id, 'Event ' || number, '', '', 'UTC', now() + interval '1 day', now() + interval '2 days',
       'published', FALSE, TRUE, 'once', 0, 0, now() - interval '200 days', now()
FROM many;

-- Everybody at the large event, in the order in which they came; and so many at each other one.
CREATE TEMPORARY TABLE going AS
SELECT many.number AS event, person.id AS person, person.number * interval '8 seconds' AS ago
FROM person, many WHERE many.number = 0
UNION ALL
SELECT 1 + person.number %% %(events)s, person.id, person.number * interval '7 seconds'
FROM person;

INSERT INTO entityhandler_registration
    (id, event_id, user_id, status, answers, attention_note, created_at, updated_at,
     waitlisted_at, cancelled_at)
SELECT gen_random_uuid(), many.id, person, status, '{}', '', now() - ago,
       -- One in ten was changed later.
       now() - ago * CASE WHEN random() < 0.1 THEN random() ELSE 1 END,
       CASE status WHEN 'waitlisted' THEN now() - ago END,
       CASE status WHEN 'cancelled' THEN now() - ago END
FROM (SELECT *, (ARRAY['confirmed','confirmed','confirmed','confirmed','confirmed','confirmed',
                       'confirmed','pending','waitlisted','cancelled']
                )[1 + floor(10 * random())] AS status FROM going) AS chosen
JOIN many ON many.number = event
ORDER BY ago DESC;

UPDATE entityhandler_event SET seats_taken = taken, waitlist_length = waiting
FROM (SELECT event_id, count(*) FILTER (WHERE status IN ('confirmed', 'pending')) AS taken,
             count(*) FILTER (WHERE status = 'waitlisted') AS waiting
      FROM entityhandler_registration GROUP BY event_id) AS counted
WHERE entityhandler_event.id = event_id;
