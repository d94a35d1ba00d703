"""Rendering of templates in the reader's language."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from portico.web.shared.languages import LANGUAGES, SOURCE_LANGUAGE, Language, load_language


class Renderer:
    """Renders templates, and compiles each once for each language.

    `static_address` returns the address of a file under `web/static`, such as "portal.css".
    Templates have it as `static(...)`, the language as `language`, gettext as `_` and
    `{% trans %}`, and `filters`. A `Text` is translated where a template prints it or fills
    another text with it. `packages` have more templates than those of `portico.web`. `load` loads
    a language.
    """

    def __init__(
        self,
        static_address: Callable[[str], str],
        filters: Mapping[str, Callable[..., str]] | None = None,
        packages: Sequence[str] = (),
        load: Callable[[str], Language] = load_language,
    ) -> None:
        self._static_address = static_address
        self._filters = filters or {}
        self._packages = ("portico.web", *packages)
        self._load = load
        self._environments: dict[str, Environment] = {}
        self._languages: dict[str, Language] = {}

    def language(self, code: str) -> Language:
        """Return a language, which is loaded once. Unknown codes are the source language."""
        known = code if code in LANGUAGES else SOURCE_LANGUAGE
        if known not in self._languages:
            self._languages[known] = self._load(known)
        return self._languages[known]

    def render(self, template: str, language: str, **values: object) -> str:
        """Return the template as HTML in a language."""
        return self._environment(language).get_template(template).render(**values)

    def _environment(self, code: str) -> Environment:
        language = self.language(code)
        environment = self._environments.get(language.code)
        if environment is None:
            environment = Environment(
                loader=ChoiceLoader([PackageLoader(each) for each in self._packages]),
                autoescape=True,
                undefined=StrictUndefined,
                finalize=language.read,
                trim_blocks=True,
                lstrip_blocks=True,
                extensions=["jinja2.ext.i18n"],
                auto_reload=False,
                cache_size=-1,
            )
            environment.policies["ext.i18n.trimmed"] = True
            environment.install_gettext_translations(language.texts, newstyle=True)  # type: ignore[attr-defined]
            environment.globals["gettext"] = partial(_gettext, language)
            environment.globals["pgettext"] = partial(_pgettext, language)
            environment.globals["ngettext"] = partial(_ngettext, language)
            environment.globals["static"] = self._static_address
            environment.globals["language"] = language
            environment.globals["languages"] = LANGUAGES
            environment.filters.update(self._filters)
            self._environments[language.code] = environment
        return environment


# Jinja's own functions would fill a text with the English of another one. The messages are not
# escaped, because they come from our own files.
def _gettext(language: Language, text: str, /, **values: object) -> Markup:
    said = language.texts.gettext(text)
    return Markup(said) % language.read_all(values)


def _pgettext(language: Language, context: str, text: str, /, **values: object) -> Markup:
    return Markup(language.texts.pgettext(context, text)) % language.read_all(values)


def _ngettext(language: Language, one: str, many: str, number: int, /, **values: object) -> Markup:
    said = language.texts.ngettext(one, many, number)
    return Markup(said) % language.read_all({"num": number, **values})
