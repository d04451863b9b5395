"""The page of all providers, written from the catalogue: its rows in words."""

from __future__ import annotations

from collections.abc import Iterator

from koi.catalogue.catalogue import load_catalogue
from koi.catalogue.rows import Company, Profile, ProviderRow

_SENT = {
    "bearer": "as bearer",
    "x-api-key": "as `x-api-key`",
    "x-goog-api-key": "as `x-goog-api-key`",
    "sigv4": "as bearer; without one, requests are signed with AWS credentials",
}


def providers() -> Iterator[str]:
    """Every provider of the catalogue: first all in one table, then one by one."""
    rows = load_catalogue().rows
    yield "# Providers"
    yield (
        "The providers that koi knows by name. One variable in the environment, or one line in "
        "`config.toml`, is enough for each of them:"
    )
    yield '```toml\nproviders.groq.api_key_env = "MY_GROQ_KEY"\n```'
    yield (
        "Where several protocols are listed, the first one is used; `protocol` in "
        "`[providers.NAME]` chooses another."
    )
    yield (
        "Two more names take any address: `custom:URL` for what speaks the OpenAI chat format, "
        "`anthropic-custom:URL` for Anthropic's, as in "
        "`koi -p custom:http://127.0.0.1:8080/v1 -m some-model`."
    )
    yield (
        "`koi providers` shows which of them have a credential here and answer. How they are used: "
        "[Connect a model](connect-a-model.md). One that is not here: "
        "[Add a provider](add-a-provider.md)."
    )
    lines = ["| name | also | key from | default model |", "|---|---|---|---|"]
    for row in rows:
        company, model = row.company, row.profile.default_model
        shown = f"`{model}`" if model else ""
        cells = (f"[`{row.slug}`](#{row.slug})", _names(company.aliases), _key(company), shown)
        lines.append(f"| {' | '.join(cells)} |")
    yield "\n".join(lines)
    for row in rows:
        yield from _one(row)


def _one(row: ProviderRow) -> Iterator[str]:
    company = row.company
    yield f"## {row.slug}"
    also = f", also {_names(company.aliases)}" if company.aliases else ""
    yield f"{company.display_name}{also}."
    items = [f"Speaks `{row.protocol}` at `{company.base_url}`"]
    items += [f"Speaks `{other.protocol}` at `{other.base_url}`" for other in row.alternates]
    items.append(f"Key: {_key(company)}, {_SENT[company.auth]}")
    if row.profile.default_model:
        items.append(f"Default model: `{row.profile.default_model}`")
    items += [*_of_company(company), *_habits(row.profile), *row.notes]
    if row.unverified:
        items.append(f"Not verified: {', '.join(row.unverified)}")
    yield "\n".join(f"- {item.rstrip('.')}." for item in items)


def _key(company: Company) -> str:
    if company.api_key_env:
        optional = " (optional)" if company.key_optional else ""
        return f"{_names(company.api_key_env)}{optional}"
    if company.consent_env:
        return f"configuration (`api_key_env`), such as {_names(company.consent_env)}"
    return "configuration (`api_key` or `api_key_env`)"


def _of_company(company: Company) -> Iterator[str]:
    if company.siblings:
        yield f"A key works in its own region only; the others: {_names(company.siblings)}"
    if company.base_url_env:
        yield f"`{company.base_url_env}` says where it is, if set"
    if company.local:
        yield "On a machine of yours: plain http, more patience, no price"
    for header, value in company.headers.items():
        yield f"Requests carry the header `{header}: {value}`"


def _habits(profile: Profile) -> Iterator[str]:
    """What the fields of a profile make koi do, in words."""
    match profile.vision:
        case True:
            yield "Its models can see images" + (
                ", and it makes vectors" if profile.embeddings else ""
            )
        case False:
            yield "Its models see no images"
        case None if profile.embeddings:
            yield "It makes vectors too"
    limit, echo = profile.token_parameter, profile.reasoning_echo
    said = {
        "It has no tool calling of its own": not profile.native_tools,
        f"The limit of an answer is sent as `{limit}`": limit != "max_tokens",
        "`stream_options` is not sent: it would be refused": not profile.stream_usage,
        "It counts reasoning tokens on top of output tokens": not profile.reasoning_inside_output,
        f"Its own earlier reasoning goes back to it, as `{echo}`": echo is not None,
        "The role `system` is refused: the system prompt begins the first user message": (
            profile.system_in_first_message
        ),
        "Ids of tool calls have exactly nine letters and digits": (
            profile.call_id_form == "alphanumeric-9"
        ),
        "Paths have no `/v1`": not profile.path_version,
        "It only streams; other answers are put together from a stream": profile.streaming_only,
        f"It refuses {_names(profile.refused_fields)}: not sent": bool(profile.refused_fields),
        f"Its errors {_names(profile.billing_codes)} are a matter of credit or plan": (
            bool(profile.billing_codes)
        ),
    }
    yield from (words for words, so in said.items() if so)
    for name, value in profile.model_names.items():
        yield f"`{name}` is sent as `{value}`"
    for field, content in profile.extra_body.items():
        yield f"Requests carry `{field}: {str(content).lower()}`"


def _names(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)
