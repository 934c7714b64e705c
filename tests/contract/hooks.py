"""What Schemathesis cannot know of the API: how rows are written in each format, and the few rules that
no schema can say."""

import csv
import gzip
import io
import itertools
import json
import urllib.parse

import requests
import schemathesis
from schemathesis.specs.openapi.checks import use_after_free

NUMBERS = itertools.count()

# The ids of users who were deleted and are there again.
RESTORED = set()

# An empty parameter is absent, and words are read in any case.
READ_IN_ANY_CASE = {
    *("", "0", "1", "true", "false", "asc", "desc", "username", "email", "created_at"),
    *("exact", "capped", "none"),
}


def write_json(value):
    return json.dumps(value)


def write_lines(value):
    """A row on every line."""
    return "".join(json.dumps(row) + "\n" for row in value)


def write_csv(value):
    """Cells of text, under a header of all the names there are."""
    names = list(dict.fromkeys(name for row in value for name in row))
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(names)
    writer.writerows([cell(row.get(name)) for name in names] for row in value)
    return text.getvalue()


def cell(value):
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)


def serializer(write):
    def serialize(context, value):
        # Bytes are made up to be no value at all.
        content = value if isinstance(value, bytes) else write(value).encode("utf-8", "surrogatepass")
        headers = context.case.headers or {}
        if headers.get("Content-Encoding") in ("gzip", "x-gzip"):
            content = gzip.compress(content)
        return content

    return serialize


schemathesis.serializer("application/json")(serializer(write_json))
schemathesis.serializer("application/x-ndjson")(serializer(write_lines))
schemathesis.serializer("text/csv")(serializer(write_csv))


def texts_of(query):
    """What the parameters of a request are in its URL. What holds nothing is empty or left out there, and
    of an object only the names are sent."""
    url = requests.Request("GET", "http://localhost/", params=query).prepare().url
    sent = urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query, keep_blank_values=True)
    left_out = query.keys() - {name for name, _ in sent}
    return [text for _, text in sent] + [""] * len(left_out)


@schemathesis.hook
def filter_case(context, case):
    """In lines and cells, most values of a wrong type cannot be written: they would turn into right ones.
    JSON has them all, and the formats have fuzzers of their own. Nor are some parameters wrong that no
    schema can say are right."""
    if case.meta.generation.mode.is_positive:
        return True
    # Headers that nobody knows are ignored, as HTTP has it.
    if "x-schemathesis-unknown-property" in (case.headers or {}):
        return False
    is_read = any(text.strip(" ,").lower() in READ_IN_ANY_CASE for text in texts_of(case.query or {}))
    return not is_read and case.media_type not in ("application/x-ndjson", "text/csv")


def replace_blanks(texts):
    """Blank text names nobody."""
    for place, text in list(texts.items() if isinstance(texts, dict) else enumerate(texts)):
        if isinstance(text, str) and not text.strip():
            texts[place] = "a"


def name_users_of_this_table(values):
    """Its ids are numbers; texts are those of other tables."""
    for name in ("id", "ids", "actor", "target"):
        value = (values or {}).get(name)
        if isinstance(value, str):
            values[name] = 1
        elif isinstance(value, list):
            values[name] = [1 if isinstance(item, str) else item for item in value]


def make_combinable(query):
    """Leaves out what does not combine with other conditions of a list."""
    if "search" in query:
        # Not too many words, and not accents alone.
        query["search"] = " ".join(["a", *query["search"].split()[:15]])[:254]
        for name in ("email", "username", "id", "created_from", "created_to"):
            query.pop(name, None)
    if "created_from" in query:
        query.pop("created_to", None)


@schemathesis.hook
def map_case(context, case):
    """Good requests do not hold what only the API can make up, or what excludes each other. Every other
    good row is of somebody new, because made-up names are mostly refused or repeated."""
    if not case.meta.generation.mode.is_positive:
        return case
    name_users_of_this_table(case.query)
    if case.operation.path == "/api/v1/users/bulk":
        for row in case.body:
            number = next(NUMBERS)
            if number % 2 == 0:
                row.update(email=f"made-up-{number}@example.com", username=f"made-up-{number}")
    if case.operation.path in ("/api/v1/users", "/api/v1/users/{id}", "/api/v1/users/{id}/restore"):
        # A key belongs to one request and a tag to one state; both are tested by hand.
        for name in ("Idempotency-Key", "If-Match"):
            (case.headers or {}).pop(name, None)
    if case.method.upper() == "DELETE":
        # What is deleted in a dry run is still there.
        (case.query or {}).pop("dry_run", None)
    if case.operation.path == "/api/v1/users" and case.method.upper() == "POST":
        number = next(NUMBERS)
        case.body.update(email=f"made-up-{number}@example.com", username=f"made-up-{number}")
    if case.operation.path.startswith("/api/v1/users/bulk/"):
        # A filter needs the right count, and the others of the test their users.
        case.body["dry_run"] = True
        for values in (case.body, case.body.get("filter")):
            name_users_of_this_table(values)
        for name in ("cursor", "expected_count", "all"):
            case.body.pop(name, None)
        if "filter" in case.body:
            case.body["all"] = True
            make_combinable(case.body["filter"])
        for texts in (case.body.get("filter", {}), case.body.get("emails", [])):
            replace_blanks(texts)
    if case.operation.path in ("/api/v1/audit", "/api/v1/users/{id}/history"):
        (case.query or {}).pop("cursor", None)
    if case.operation.path == "/api/v1/users/export":
        query = case.query or {}
        query.pop("cursor", None)
        make_combinable(query)
        if query.get("format") != "csv":
            query.pop("spreadsheet", None)
    if case.operation.path == "/api/v1/users" and case.method.upper() == "GET":
        query = case.query or {}
        query.pop("cursor", None)
        make_combinable(query)
        for name in ("created_from", "created_to"):
            if query.get("sort_by", "created_at") != "created_at":
                query.pop(name, None)
        if int(query.get("page", 1)) * int(query.get("size", 50)) > 10_000:
            query.pop("page")
    return case


@schemathesis.hook
def after_call(context, case, response):
    if case.operation.path == "/api/v1/users/{id}/restore" and response.status_code < 300:
        RESTORED.add(str(case.path_parameters["id"]))


@schemathesis.check
def use_after_deletion(context, response, case):
    """The tool's own check, which does not know that users can be restored."""
    if str((case.path_parameters or {}).get("id")) in RESTORED:
        return None
    # What was done to a user can be read when the user is gone.
    if case.operation.path == "/api/v1/users/{id}/history":
        return None
    return use_after_free(context, response, case)
