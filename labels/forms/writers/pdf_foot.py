"""The foot of a PDF form: what is declared, the boxes to sign in, and the proof with its code, on one page."""

from __future__ import annotations

from labels.forms.paper import BoxSigned, proof_texts, signed_text
from labels.forms.writers.pdf_pages import FIELD, MARGIN, QR_MM, SMALL, Pages
from labels.forms.writers.spans import LABEL_MM

BOX_MM = 14.0


class Foot(Pages):
    """Pages that end with the foot of their paper."""

    def foot_height(self) -> float:
        """How high the foot is, down to its end."""
        paper = self.paper
        beside = self._boxes_height() + self._proof_height()
        return self._declared_height() + max(beside, QR_MM if paper.proof else 0.0)

    def _beside(self) -> tuple[float, float]:
        """The left edge and the width of what stands beside the QR code, where there is one."""
        left = QR_MM + 2 if self.paper.proof else 0.0
        return MARGIN + left, self.room - left

    def _declared_lines(self) -> list[str]:
        return self.lines(self.paper.declared, self.room, FIELD) if self.paper.declared else []

    def _declared_height(self) -> float:
        lines = self._declared_lines()
        return self.height([lines], FIELD) if lines else 0.0

    def _boxes_height(self) -> float:
        texts = [self._box_lines(box) for box in self.paper.boxes]
        return max(BOX_MM, self.height(texts, SMALL)) if texts else 0.0

    def _box_lines(self, box: BoxSigned) -> list[str]:
        width = self._beside()[1] / len(self.paper.boxes) - LABEL_MM
        return self.lines(signed_text(box, self.paper.locale), width, SMALL)

    def _proof_lines(self) -> list[str]:
        told = proof_texts(self.paper.proof, self.paper.locale) if self.paper.proof else []
        return [line for text in told for line in self.lines(text, self._beside()[1], SMALL)]

    def _proof_height(self) -> float:
        lines = self._proof_lines()
        return self.height([lines], SMALL) if lines else 0.0

    def foot(self) -> None:
        """The boxes and the proof, on one page."""
        paper = self.paper
        self.ensure(self.foot_height())
        self.place(MARGIN, self.down, self.room, self._declared_lines(), FIELD)
        self.down += self._declared_height()
        if paper.proof is not None:
            sealed = paper.proof.digest or paper.proof.hash
            self.code(f"{paper.number} {sealed}", MARGIN, self.down)
        self._boxes()
        left, width = self._beside()
        self.place(left, self.down, width, self._proof_lines(), SMALL)

    def _boxes(self) -> None:
        boxes, height = self.paper.boxes, self._boxes_height()
        if not boxes:
            return
        left, width = self._beside()
        each = width / len(boxes)
        for n, box in enumerate(boxes):
            x, title = left + n * each, self.lines(box.title, LABEL_MM, FIELD)
            self.cell_of(x, (LABEL_MM, height), title, FIELD, shade=True)
            self.cell_of(x + LABEL_MM, (each - LABEL_MM, height), self._box_lines(box), SMALL, shade=False)
        self.down += height
