"""Rendering of templates in the reader's language."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from portico.web.shared.languages import LANGUAGES, SOURCE_LANGUAGE, Language, load_language


class Renderer:
    """Renders templates, and compiles each once for each language.

    `static_address` returns the address of a file under `web/static`, such as "portal.css".
    Templates have it as `static(...)`, the language as `language`, gettext as `_` and
    `{% trans %}`, and `filters`. `packages` have more templates than those of `portico.web`.
    """

    def __init__(
        self,
        static_address: Callable[[str], str],
        filters: Mapping[str, Callable[..., str]] | None = None,
        packages: Sequence[str] = (),
    ) -> None:
        self._static_address = static_address
        self._filters = filters or {}
        self._packages = ("portico.web", *packages)
        self._environments: dict[str, Environment] = {}
        self._languages: dict[str, Language] = {}

    def language(self, code: str) -> Language:
        """Return a language, which is loaded once. Unknown codes are the source language."""
        known = code if code in LANGUAGES else SOURCE_LANGUAGE
        if known not in self._languages:
            self._languages[known] = load_language(known)
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
                trim_blocks=True,
                lstrip_blocks=True,
                extensions=["jinja2.ext.i18n"],
                auto_reload=False,
                cache_size=-1,
            )
            environment.install_gettext_translations(language.texts, newstyle=True)  # type: ignore[attr-defined]
            environment.globals["static"] = self._static_address
            environment.globals["language"] = language
            environment.globals["languages"] = LANGUAGES
            environment.filters.update(self._filters)
            self._environments[language.code] = environment
        return environment
