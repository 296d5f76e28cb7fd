import pathlib
import unittest
from typing import List, Literal, Optional, Tuple, Union

from mosaic_worker.signatures import NOTHING, Parameter, WrongValue, constructor_of, value_of


def value(text, annotation=NOTHING, default=NOTHING):
    return value_of(text, Parameter("x", annotation, default, False))


class Signatures(unittest.TestCase):
    def test_texts_become_values_by_annotations(self):
        for text, annotation, wanted in [
            ("4", int, 4),
            ("1e3", int, 1000),
            ("4", float, 4.0),
            ("nan", str, "nan"),
            ("True", bool, True),
            ("false", bool, False),
            ("7", str, "7"),
            ("b", Literal["a", "b"], "b"),
            ("2", Literal[1, 2], 2),
            ("None", Optional[int], None),
            ("3", Optional[int], 3),
            ("x", Union[str, int], "x"),
            ("3", Union[str, int], 3),
            ("[1, 2]", List[int], [1, 2]),
            ("1, 2.5", Tuple[int, float], (1, 2.5)),
            ("a/b", pathlib.Path, pathlib.Path("a/b")),
        ]:
            got = value(text, annotation)
            self.assertEqual((got, type(got)), (wanted, type(wanted)), (text, annotation))

    def test_without_annotation_numbers_are_numbers_and_all_else_is_text(self):
        for text, wanted in [("4", 4), ("-0.5", -0.5), ("1e-2", 0.01), ("True", "True"), ("nan", "nan"), ("1_0", "1_0")]:
            got = value(text)
            self.assertEqual((got, type(got)), (wanted, type(wanted)))
        self.assertIs(value("False", default=True), False)

    def test_wrong_texts_are_refused(self):
        for text, annotation, words in [
            ("x", int, "a whole number"),
            ("1.5", int, "a whole number"),
            ("x", float, "a number"),
            ("yes", bool, "True or False"),
            ("c", Literal["a", "b"], "'a', 'b'"),
            ("x", Optional[int], "a whole number"),
        ]:
            with self.assertRaises(WrongValue) as caught:
                value(text, annotation)
            self.assertIn(words, str(caught.exception))

    def test_constructors(self):
        class Base:
            def __init__(self, a: "int", *rest, b="x", **more):
                pass

        class Child(Base):
            pass

        found = constructor_of(Child)
        self.assertEqual([(p.name, p.annotation, p.required) for p in found.parameters], [("a", int, True), ("b", NOTHING, False)])
        self.assertTrue(found.takes_any)
        self.assertEqual(constructor_of(type("Empty", (), {})).parameters, [])


if __name__ == "__main__":
    unittest.main()
