-- Records numbered after :first up to :last, as ten years of deliveries would have left them; nothing is linked.
-- Codes are drawn by hashes of the number, frequent ones first.
CREATE OR REPLACE FUNCTION stage.pick(number bigint, salt int, codes text[]) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT codes[1 + floor(cardinality(codes) * power((hashint8extended(number, salt) & 1048575) / 1048576.0, 4))::int]
$$;
CREATE TEMP TABLE code ON COMMIT DROP AS
    SELECT scheme, array_agg(code ORDER BY code) FILTER (WHERE code <> 'total') AS codes FROM ref.code GROUP BY scheme;
CREATE OR REPLACE FUNCTION pg_temp.codes(wanted text) RETURNS text[] LANGUAGE sql STABLE AS
    $$ SELECT codes FROM pg_temp.code WHERE scheme = wanted $$;
-- Of each hundred records so many are of this feed; so many bodies send it.
CREATE TEMP TABLE stock ON COMMIT DROP AS
SELECT number + 1000000000000 AS content_id, number, feed, 'B' || number % bodies AS provider, number::text AS record_id,
       md5(feed || number % bodies || month)::uuid AS delivery_id, month, month + (number % 28)::int AS day,
       month + interval '5 weeks' AS recorded_at
FROM generate_series(CAST(:first AS bigint) + 1, :last) AS number
JOIN (VALUES
    ('police/victims', 0, 35, 2), ('customs/detections', 35, 45, 1), ('justice/victims', 45, 50, 22),
    ('ngo/assistance', 50, 60, 30), ('police/suspects', 60, 70, 2), ('justice/proceedings', 70, 85, 22),
    ('ngo/shelter_stays', 85, 92, 30), ('ngo/hotline_calls', 92, 100, 1)
) AS share (feed, since, before, bodies) ON (hashint8extended(number, 0) & 65535) * 100 / 65536 >= since
    AND (hashint8extended(number, 0) & 65535) * 100 / 65536 < before
CROSS JOIN LATERAL (
    SELECT (date '2016-01-01' + (number % 120) * interval '1 month')::date
) AS of (month);
INSERT INTO ops.delivery (delivery_id, feed, provider, sha256, size, file_name, received_at, first_received_at,
    contract_version, contract_fingerprint, suite_fingerprint, status, period, version, rows_read, rows_accepted,
    rows_quarantined, rows_unchanged, finished_at)
SELECT delivery_id, feed, provider, delivery_id::text, 1, 'made.csv', recorded_at, recorded_at, '1', '1', '1', 'accepted',
       to_char(month, 'YYYY-MM'), month::text, count(*), count(*), 0, 0, recorded_at
FROM stock GROUP BY delivery_id, feed, provider, month, recorded_at
ON CONFLICT (delivery_id) DO UPDATE SET rows_read = delivery.rows_read + EXCLUDED.rows_read,
    rows_accepted = delivery.rows_accepted + EXCLUDED.rows_accepted;
INSERT INTO core.sighting (feed, provider, record_id, version, fingerprint, delivery_id, content_id, row, period, current,
    recorded_at)
SELECT feed, provider, record_id, (month + 35)::text, int8send(number), delivery_id, content_id, number,
       to_char(month, 'YYYY-MM'), true, recorded_at FROM stock;
INSERT INTO core.victim (content_id, item, feed, provider, record_id, delivery_id, recorded_at, status, sex, age_band, minor,
    exploitation_form, citizenship, met_on, region)
SELECT content_id, 1, feed, provider, record_id, delivery_id, recorded_at,
       stage.pick(number, 1, pg_temp.codes('victim_status')), stage.pick(number, 2, '{female,male,unknown}'),
       stage.pick(number, 3, pg_temp.codes('age_band')), stage.pick(number, 4, '{no,yes,unknown}'),
       ARRAY[stage.pick(number, 5, pg_temp.codes('exploitation_form'))],
       ARRAY[stage.pick(number, 6, '{MAR,CIV,SEN,GIN,CMR,NGA,MLI,SYR,PHL,IDN,BGD,COD,GHA,TGO,BEN}')],
       day, stage.pick(number, 7, pg_temp.codes('region'))
FROM stock WHERE feed IN ('police/victims', 'justice/victims', 'ngo/assistance');
INSERT INTO core.suspect (content_id, item, feed, provider, record_id, delivery_id, recorded_at, sex, age_band, minor,
    offence, citizenship)
SELECT content_id, 1, feed, provider, record_id, delivery_id, recorded_at, stage.pick(number, 2, '{male,female,unknown}'),
       stage.pick(number, 3, pg_temp.codes('age_band')), stage.pick(number, 4, '{no,yes,unknown}'),
       stage.pick(number, 5, pg_temp.codes('offence')), ARRAY[stage.pick(number, 6, '{MAR,ESP,FRA,SEN,CIV,NGA}')]
FROM stock WHERE feed = 'police/suspects';
-- Three rows a defendant, one an instance or a charge.
INSERT INTO core.proceeding (content_id, item, feed, provider, record_id, delivery_id, recorded_at, defendant_reference,
    court, offence, sex, instance, stage, decision, received_on, indicted_on, decided_on)
SELECT content_id, 1, feed, provider, record_id, delivery_id, recorded_at,
       provider || '/' || hashint8extended(number / 1000, 9) || '/' || number % 300,
       stage.pick(number % 22, 8, pg_temp.codes('court')), stage.pick(number, 5, pg_temp.codes('offence')),
       stage.pick(number, 2, '{male,female,unknown}'), stage.pick(number, 10, pg_temp.codes('instance')),
       stage.pick(number, 11, pg_temp.codes('proceeding_stage')), stage.pick(number, 12, pg_temp.codes('decision')),
       day, day + 60, CASE WHEN number % 3 > 0 THEN day + 300 END
FROM stock WHERE feed = 'justice/proceedings';
INSERT INTO core.service (content_id, item, feed, provider, record_id, delivery_id, recorded_at, victim_reference, kind,
    shelter, capacity, started_on, ended_on)
SELECT content_id, 1, feed, provider, record_id, delivery_id, recorded_at, record_id, 'shelter', 'S' || number % 3, 400,
       day, day + (number % 90)::int
FROM stock WHERE feed = 'ngo/shelter_stays';
INSERT INTO core.contact (content_id, item, feed, provider, record_id, delivery_id, recorded_at, kind, received_on, channel,
    reporter, presumed_victim, outcome, persons, minors, border_post, direction, offence, sex, referred_to, citizenship)
SELECT content_id, 1, feed, provider, record_id, delivery_id, recorded_at,
       CASE feed WHEN 'customs/detections' THEN 'border' ELSE stage.pick(number, 1, pg_temp.codes('contact_kind')) END, day,
       stage.pick(number, 2, pg_temp.codes('contact_channel')), stage.pick(number, 3, pg_temp.codes('reporter')),
       stage.pick(number, 4, '{no,yes,unknown}'), stage.pick(number, 5, pg_temp.codes('contact_outcome')), 1, 0,
       stage.pick(number, 6, pg_temp.codes('border_post')), stage.pick(number, 7, pg_temp.codes('travel_direction')),
       stage.pick(number, 8, pg_temp.codes('offence')), stage.pick(number, 9, '{female,male,unknown}'),
       stage.pick(number, 10, pg_temp.codes('referral_destination')),
       ARRAY[stage.pick(number, 11, '{MAR,CIV,SEN,GIN,CMR,NGA,MLI,SYR}')]
FROM stock WHERE feed IN ('customs/detections', 'ngo/hotline_calls');
-- One of twenty breaks a rule.
INSERT INTO quarantine.finding (delivery_id, rule, severity, scope, row)
SELECT delivery_id, rule, severity, scope, number FROM stock JOIN (
    SELECT rule, severity, scope, feed, row_number() OVER (PARTITION BY feed ORDER BY rule) - 1 AS place,
           count(*) OVER (PARTITION BY feed) AS rules
    FROM ref.rule WHERE severity IN ('critical', 'warning')
) AS of USING (feed) WHERE number % 20 = 0 AND number / 20 % rules = place;
-- Two records in three are of a person of their own.
INSERT INTO register.past (person_id, since, met_on, status, sex, age_band, minor, region, citizenship, exploitation_form,
    steps)
SELECT gen_random_uuid(), v.recorded_at, v.met_on, v.status, v.sex, v.age_band, v.minor, v.region, v.citizenship,
       v.exploitation_form, jsonb_strip_nulls(jsonb_build_object(
           'met', 0, 'detection', 0, 'referral_to', CASE WHEN number % 2 = 0 THEN hashint8extended(number, 21) & 63 END,
           'shelter', CASE WHEN number % 5 = 0 THEN hashint8extended(number, 22) & 255 END,
           'court', CASE WHEN number % 7 = 0 THEN hashint8extended(number, 23) & 1023 END))
FROM stock JOIN core.victim v USING (content_id) WHERE number % 3 > 0;
