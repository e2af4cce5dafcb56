# ruff: noqa: E501 -- messages are compared whole, as their reader sees them
"""Faults that a careless hand puts into the sound contract, and what the author is told."""

# Text of the sound contract, what a careless hand makes of it, what the author reads after "police/victims.yaml:".
_WITHDRAWN_TOTALS = "17:7: rows that withdraw records would count among the parts of 'totals' — use one of the two"
SEVERAL = " — write one column a value, or leave it unbound: it is kept in extra"
WRONG = (
    ("required: true", "requierd: true", ["25:9: unknown key 'requierd' — did you mean 'required'?"]),
    (
        "logicalType: date\n        classification: identity",
        "logicalType: dat\n        classification: identity",
        ["51:22: a column cannot be of type 'dat' — did you mean 'date'?"],
    ),
    (
        "logicalType: integer",
        "logicalType: array",
        ["69:22: a column cannot be of type 'array' — one of string, date, timestamp, integer, number, boolean"],
    ),
    (
        "logicalType: integer",
        "logicaltype: integer",
        [
            "68:9: missing key 'logicalType' — one of string, date, timestamp, integer, number, boolean",
            "69:9: unknown key 'logicaltype' — did you mean 'logicalType'?",
        ],
    ),
    ("version: 1.0.0", "version: 1.0", ["5:10: 'version' must be text, not a number — put it in quotes: \"1.0\""]),
    ("version: 1.0.0", 'version: "1"', ["5:10: version '1' is not of the form major.minor.patch — e.g. 1.0.0"]),
    ("id: police-victims\n", "", ["1:1: missing key 'id'"]),
    ("name: police/victims\n", "", ["1:1: missing key 'name' — write name: police/victims"]),
    (
        "name: police/victims",
        "name: police/victim",
        [
            "4:7: the feed is called 'police/victim' but its file says 'police/victims' — write name: police/victims, or move the file"
        ],
    ),
    ("apiVersion: v3.2.0", "apiVersion: v3.2", ["1:13: unknown value 'v3.2' of 'apiVersion' — did you mean 'v3.2.0'?"]),
    (
        "kind: DataContract",
        "kind: Contract",
        ["2:7: unknown value 'Contract' of 'kind' — did you mean 'DataContract'?"],
    ),
    ("required: true", "required: yes", ["25:19: 'required' must be true or false, not text — write true or false"]),
    (
        "primaryKey: true",
        "primaryKey: 1",
        ["26:21: 'primaryKey' must be true or false, not a number — write true or false"],
    ),
    (
        "status: active",
        "status: active\nquality: []",
        [
            "7:1: unknown key 'quality' — known keys here: apiVersion, authoritativeDefinitions, context, contractCreatedTs, customProperties, dataProduct, description, domain, id, kind, name, price, roles, schema, servers, slaDefaultElement, slaProperties, status, support, tags, team, tenant, version"
        ],
    ),
    (
        "        logicalType: string\n        required: true",
        "        logicalType: string\n        unique: true\n        required: true",
        ["25:9: Marsad does not read 'unique' — use primaryKey, or a rule in expectations/"],
    ),
    ("{minimum: 0, maximum: 10}", "{minimum: 11, maximum: 10}", ["71:39: 'minimum' is above 'maximum'"]),
    ("{minimum: 0, maximum: 10}", "{minimun: 0}", ["71:30: unknown key 'minimun' — did you mean 'minimum'?"]),
    ("{minimum: 0, maximum: 10}", '{minimum: "0"}', ["71:39: 'minimum' must be a number, not text"]),
    ('"1900-01-01"', '"1.1.1900"', ["53:39: 'minimum' must be a date like 2024-01-31"]),
    (
        "property: marsad\n    value:\n      title",
        "property: marsat\n    value:\n      title",
        ["1:1: the contract has no customProperties with 'property: marsad' — see docs/new-feed.md"],
    ),
    (
        "title: {fr: Victimes, ar: ضحايا, en: Victims}",
        "titel: {fr: Victimes}",
        ["10:7: missing key 'title'", "10:7: unknown key 'titel' — did you mean 'title'?"],
    ),
    ("title: {fr: Victimes", "title: {rf: Victimes", ["10:15: unknown key 'rf' — one of fr, ar, en, es"]),
    (
        "title: {fr: Victimes, ar: ضحايا, en: Victims}",
        "title: Victims",
        ["10:14: 'title' must be a mapping: {key: value}"],
    ),
    ("title: {fr: Victimes, ar: ضحايا, en: Victims}", "title: {}", ["10:14: 'title' must not be empty"]),
    (
        "logicalType: integer\n",
        "unit: no\n",
        [
            "68:9: missing key 'logicalType' — one of string, date, timestamp, integer, number, boolean",
            "69:9: unknown key 'unit' — known keys here: authoritativeDefinitions, businessName, classification, criticalDataElement, customProperties, deprecated, description, encryptedName, enum, examples, id, items, logicalType, logicalTypeOptions, map, name, partitionKeyPosition, partitioned, physicalName, physicalType, primaryKey, primaryKeyPosition, properties, quality, relationships, required, semanticType, synonyms, tags, transformDescription, transformLogic, transformSourceObjects, unique",
        ],
    ),
    (
        "logicalType: date\n        classification: identity",
        "logicalType: date\n        examples: [hier]\n        classification: identity",
        ["52:19: the first of 'examples' must be a date like 2024-01-31"],
    ),
    (
        "      - name: sex\n        logicalType: string",
        "      - name: sex\n        logicalType: string\n        examples: [femme]",
        ["36:19: 'femme' in 'examples' is no code of sex — write the code, not its label"],
    ),
    ("mode: increment", "sheet: [Liste]", ["12:14: 'sheet' must be a mapping: {key: value}"]),
    ("mode: increment", "totl_words: []", ["12:7: unknown key 'totl_words' — did you mean 'total_words'?"]),
    ("providers: [DGSN, GR]", "providers: [1]", ["11:19: 'providers' must be text — put it in quotes: \"1\""]),
    ("providers: [DGSN, GR]", "providers: DGSN", ["11:18: 'providers' must be a list: [a, b]"]),
    ("providers: [DGSN, GR]", "providers: [DGNS]", ["11:19: unknown provider 'DGNS' — did you mean 'DGSN'?"]),
    ("mode: increment", "mode: incremental", ["12:13: unknown value 'incremental' — did you mean 'increment'?"]),
    ("grain: month", "grain: mnth", ["13:39: unknown value 'mnth' — did you mean 'month'?"]),
    (
        "{column: met_on, grain: month}",
        "{column: met_om, grain: month}",
        ["13:24: there is no column 'met_om' — did you mean 'met_on'?"],
    ),
    (
        "{column: met_on, grain: month}",
        "{column: met_on, received: true}",
        ["13:15: 'period' must have exactly one of 'column', 'file_name', 'received'"],
    ),
    (
        "{column: met_on, grain: month}",
        "{column: birth_date}",
        ["13:24: 'birth_date' goes to the vault, a period must be of class quasi or public"],
    ),
    (
        "{column: sent_on}",
        "{column: role}",
        ["14:25: 'role' is of type code, here it must be date or integer or timestamp"],
    ),
    (
        "{column: sent_on}",
        "{file_name: '\\d+'}",
        ["14:28: 'file_name' must be a regular expression with exactly one group — e.g. '(\\d{4}-\\d{2})'"],
    ),
    ("cadence: monthly", "cadence: montly", ["15:16: unknown value 'montly' — did you mean 'monthly'?"]),
    ("cadence: monthly", "refuse_above: 1.5", ["15:21: 'refuse_above' must be less than or equal to 1"]),
    ("cadence: monthly", "refuse_above: half", ["15:21: 'refuse_above' must be a number"]),
    ("birth_date: birth_date", "birth_date: sex", ["16:41: 'sex' is of type code, here it must be date"]),
    ("birth_date: birth_date, on", "on", ["16:12: 'age' needs 'birth_date' or 'stated'"]),
    ("{entity: victim, birth", "{entity: victims, birth", ["16:21: unknown entity 'victims' — did you mean 'victim'?"]),
    (
        "{entity: victim, birth",
        "{entity: service, birth",
        ["16:21: unknown concept 'service.age' — see schemas/concepts.yaml"],
    ),
    (
        "conditions: {victim: {column: role, in: [victim]}}",
        "withdrawal: {column: rolle, in: [victim]}",
        [_WITHDRAWN_TOTALS, "17:28: there is no column 'rolle' — did you mean 'role'?"],
    ),
    (
        "conditions: {victim: {column: role, in: [victim]}}",
        "withdrawal: {column: role, in: [victm]}",
        [_WITHDRAWN_TOTALS, "17:39: 'victm' is no code of 'role' — did you mean 'victim'?"],
    ),
    (
        "conditions: {victim: {column: role, in: [victim]}}",
        "justification: rolle",
        ["17:22: there is no column 'rolle' — did you mean 'role'?"],
    ),
    (
        "conditions: {victim: {column: role, in: [victim]}}",
        "justification: role",
        [
            "17:22: 'role' cannot justify: it must hold one code a cell, be quasi or public, and fill no concept — "
            "write codelist: justification"
        ],
    ),
    ("conditions: {victim:", "conditions: {victm:", ["17:20: no column is bound to 'victm' — did you mean 'victim'?"]),
    (
        "{column: role, in: [victim]}",
        "{column: role, in: [victime]}",
        ["17:48: 'victime' is no code of 'role' — did you mean 'victim'?"],
    ),
    (
        "{column: role, in: [victim]}",
        '{column: people, in: ["1"]}',
        ["17:37: 'people' cannot decide: a condition needs a single code of class quasi or public"],
    ),
    ("{column: role, in: [victim]}", "{column: role}", ["17:28: missing key 'in'"]),
    (
        "service.funder: ONU",
        "service.funders: ONU",
        ["18:36: unknown concept 'service.funders' — did you mean 'funder'?"],
    ),
    (
        "service.funder: ONU",
        "service.kind: victime",
        ["18:33: 'victime' is no code of 'role' — did you mean 'victim'?"],
    ),
    (
        "service.funder: ONU",
        'service.cost: "3"',
        ["18:33: 'service.cost' is number: only texts and codes can be constants"],
    ),
    ("service.funder: ONU", "service.client: X", ["18:35: 'service.client' is of class identity, no constant"]),
    (
        "service.funder: ONU",
        "victim.sex: F",
        ["18:31: 'victim.sex' is already filled by column 'sex' — number repeated groups, e.g. victim#2.sex"],
    ),
    ("measure: people", "measure: role", ["19:26: 'role' is of type code, here it must be integer or number"]),
    ("columns: [sex]", "columns: [sexe]", ["19:71: there is no column 'sexe' — did you mean 'sex'?"]),
    (
        "  - name: victims\n    properties:",
        "  - name: other\n  - name: victims\n    properties:",
        ["20:1: 'schema' must hold exactly one table — several sheets are several feeds"],
    ),
    (
        "- name: people",
        "- name: People",
        [
            "19:26: there is no column 'people' — did you mean 'People'?",
            "68:15: 'People' is no column name — lower case a-z, digits, single underscores, at most 50 characters",
        ],
    ),
    (
        "- name: people",
        "- name: sex",
        [
            "19:26: there is no column 'people' — see 'properties' below 'schema'",
            "68:15: column 'sex' is already defined in line 34",
        ],
    ),
    (
        "- name: people",
        "- name: minor",
        [
            "19:26: there is no column 'people' — see 'properties' below 'schema'",
            "68:15: 'minor' is the name of a derived column, since this contract has 'age' — call it 'stated_minor'",
        ],
    ),
    (
        "logicalTypeOptions: {minimum: 0, maximum: 10}",
        "primaryKeyPosition: 1",
        ["71:9: 'primaryKeyPosition' without 'primaryKey: true'"],
    ),
    (
        "        primaryKey: true",
        "        primaryKey: true\n        primaryKeyPosition: 2",
        ["26:9: key columns are numbered with primaryKeyPosition: 1, 2, … each number once"],
    ),
    (
        "classification: public\n        logical",
        "classification: secret\n        logical",
        ["70:25: unknown class 'secret' — one of identity, free_text, quasi, public"],
    ),
    ("codelist: sex", "codelist: sexe", ["41:25: unknown code list 'sexe' — did you mean 'sex'?"]),
    ("codelist: sex", "codelists: sex", ["41:15: unknown key 'codelists' — did you mean 'codelist'?"]),
    (
        "codelist: sex\n",
        "codelist: role\n",
        [
            "42:25: 'sex' has code list 'role', 'victim.sex' takes 'sex' — write codelist: sex",
            "42:37: 'sex' has code list 'role', 'service.sex' takes 'sex' — write codelist: sex",
        ],
    ),
    (
        "codelist: sex",
        'codelist: sex\n              many: ";"',
        [
            "43:25: 'sex' holds several values a cell, 'victim.sex' takes one" + SEVERAL,
            "43:37: 'sex' holds several values a cell, 'service.sex' takes one" + SEVERAL,
        ],
    ),
    ("identifier: true", "identifier: yes", ["32:27: 'identifier' must be true or false"]),
    (
        "identifier: true",
        'many: ";"',
        [
            "26:21: key column 'record_no' is multi-valued",
            "32:21: only columns with a codelist can be multi-valued",
            "33:24: 'record_no' holds several values a cell, 'victim.victim_reference' takes one" + SEVERAL,
        ],
    ),
    (
        "codelist: role}",
        "codelist: role, identifier: true}",
        ["49:72: an identifier is of logicalType string and has no codelist"],
    ),
    (
        "[dd/MM/yyyy, yyyy]",
        "[dd/MM/yyyy, JJ/MM/AAAA]",
        [
            "59:37: 'JJ/MM/AAAA' is not a date pattern — write it with yyyy, yy, MMMM, MMM, MM, M, dd, d, HH, H, mm, ss, e.g. dd/MM/yyyy"
        ],
    ),
    (
        "[dd/MM/yyyy, yyyy]",
        "[dd/MM]",
        [
            "59:25: 'dd/MM' has no year — write it with yyyy, yy, MMMM, MMM, MM, M, dd, d, HH, H, mm, ss, e.g. dd/MM/yyyy"
        ],
    ),
    (
        "aliases: [DDN, né(e) le]",
        "aliases: [DDN, sexe]",
        ["58:30: header 'sexe' reads the same as one of column 'sex' — a header must lead to one column"],
    ),
    (
        "aliases: [DDN, né(e) le]",
        "aliases: [SEXE.]",
        ["58:25: header 'SEXE.' reads the same as one of column 'sex' — a header must lead to one column"],
    ),
    ('blanks: ["-"]', "blanks: [0]", ["60:24: 'blanks' must be text — put it in quotes: \"0\""]),
    ("unmapped: critical", "unmaped: critical", ["43:26: unknown key 'unmaped' — did you mean 'unmapped'?"]),
    ("unmapped: critical", "unmapped: fatal", ["43:36: unknown value 'fatal' — one of critical, warning, info"]),
    ("unmapped: critical", "range: info", ["43:26: 'range' never happens to this column of type code"]),
    (
        "concept: victim.birth_date",
        "concept: victim.birthdate",
        ["61:24: unknown concept 'victim.birthdate' — did you mean 'birth_date'?"],
    ),
    (
        "concept: victim.birth_date",
        "concept: vitcim.birth_date",
        ["61:24: unknown entity 'vitcim' — did you mean 'victim'?"],
    ),
    (
        "concept: victim.birth_date",
        "concept: birth date",
        ["61:24: 'birth date' is no concept — write entity.field, e.g. victim.sex"],
    ),
    (
        "concept: victim.birth_date",
        "concept: [victim.birth_date, victim.met_on]",
        [
            "61:44: 'birth_date' is of class identity, 'victim.met_on' is quasi — write classification: quasi if that is what its values are, or do not bind it"
        ],
    ),
    (
        "concept: victim.birth_date",
        "concept: victim.narrative",
        ["61:24: 'birth_date' is date, 'victim.narrative' takes code, identifier, text"],
    ),
    (
        "concept: victim.victim_reference",
        "concept: service.client",
        ["33:24: 'record_no' is of class quasi, but 'service.client' is identity — write classification: identity"],
    ),
    (
        '[victim.sex, "service#2.sex"]',
        "[victim.sex, victim.sex]",
        ["42:37: 'victim.sex' is already filled by column 'sex' — number repeated groups, e.g. victim#2.sex"],
    ),
    (
        "      - name: remarks",
        "      - name: remarks\n        customProperties: [{property: marsad, value: {concept: service.funder}}]",
        [
            "18:35: 'service.funder' is already filled by column 'remarks' — number repeated groups, e.g. service#2.funder",
            "73:64: 'remarks' has no classification, so it goes to the vault, 'service.funder' is public — write classification: public if that is what its values are, or do not bind it",
        ],
    ),
    (
        "      - name: remarks",
        "      - name: remarks\n        customProperties: [{property: marsad, value: {formats: [yyyy]}}]",
        ["73:55: 'formats' are patterns of dates and numbers, but 'remarks' is of type text"],
    ),
    (
        "      - name: remarks",
        "      - name: pages\n        logicalType: integer\n        customProperties: [{property: marsad, value: {formats: [comma]}}]\n      - name: remarks",
        ["74:65: 'comma' is not a number pattern — write how thousands and decimals are set apart, e.g. #,##0.##"],
    ),
    (
        "      - name: remarks",
        "      - name: remarks\n        customProperties: [{property: marsad, value: {severity: {placeholder: info}}}]",
        ["73:66: 'placeholder' never happens to this column of type text"],
    ),
    (
        "status: active",
        "status: active\nstatus: active",
        ["7:1: key 'status' stands twice"],
    ),
    ("mode: increment", "mode: &x [*x]", ["12:13: a value holds itself"]),
    ("mode: increment", "? [mode]\n      : increment", ["12:9: a key must be a plain text"]),
    ("maximum: 10}", "maximum: !!int ten}", ["71:51: this is no int"]),
    ("schema:", "schema", ["21:9: could not find expected ':'"]),
    ("mode: increment", "mode: [increment", ["13:13: did not find expected ',' or ']'"]),
    (
        "      - name: remarks",
        "      - nam: remarks",
        ["72:9: missing key 'name'", "72:9: unknown key 'nam' — did you mean 'name'?"],
    ),
)
