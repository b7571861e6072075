"""Answers that show themselves as the command line prints them: a recommendation, and what would change it."""

import html

from sim.face.display import FromBelow, preformatted
from sim.recommendation import answer
from sim.recommendation import sensitivity as analysis


class Recommendation(FromBelow, answer.Recommendation):
    """What `sim.recommendation.answer.Recommendation` holds; printed, the paragraph for a review and the verdict's table."""

    @property
    def paragraph(self) -> str:
        """The answer, made to be pasted into a review."""
        from sim.recommendation import words

        return words.paragraph(self)

    def __str__(self) -> str:
        from sim.verdict.terminal import verdict_text

        return f"{self.paragraph}\n\n{verdict_text(self.verdict, colour=False, head=False)}"

    @property
    def evidence(self) -> str:
        """All that the search knows: ranges, prices, what it means in a year, how the others differ."""
        from sim.recommendation import words

        return words.evidence(self)

    def __repr__(self) -> str:
        found = "none meets the goals" if self.best is None else self.best.setting
        return f"<recommendation for scenario {self.scenario.id}: {found}>"

    def _repr_html_(self) -> str:
        from sim.verdict.html import paragraph_html, verdict_html

        return paragraph_html(self.verdict) + verdict_html(self.verdict)


class Sensitivity(FromBelow, analysis.Sensitivity):
    """What `sim.recommendation.sensitivity.Sensitivity` holds; printed, what would change the recommendation."""

    @property
    def paragraph(self) -> str:
        """What would change the recommendation, made to be pasted into a review."""
        from sim.recommendation import sensitivity_words as words

        return words.paragraph(self)

    def __str__(self) -> str:
        from sim.recommendation import sensitivity_words as words

        return words.whole((), self, full=bool(self.indices)).rstrip()

    def __repr__(self) -> str:
        moving = sum(effect.changes(self.base) for effect in self.effects)
        return f"<sensitivity of {self.recommended}: {moving} of {len(self.effects)} uncertain inputs change it>"

    def _repr_html_(self) -> str:
        from sim.recommendation import sensitivity_words as words

        tables = [words.tornado_table(self), *([words.sobol_table(self)] if self.indices else [])]
        return "".join([f"<p>{html.escape(self.paragraph)}</p>", *map(preformatted, tables)])
