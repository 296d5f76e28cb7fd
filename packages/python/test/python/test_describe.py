import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

FILES = {
    "data.py": "import sibling\nclass Data:\n    def prepare(self, data, run_info, module_info): pass\n    def info(self): pass\n",
    "sibling.py": "print('printed while it was imported')\n",
    "model.py": (
        "import torch\nfrom typing import Optional, Literal\n"
        "class Net(torch.nn.Module):\n"
        "\tdef __init__(self, width: int, mode: Literal['a', 'b'] = 'a', rate: Optional[float] = None, other=3):\n"
        "\t\tsuper().__init__()\n"
        "class Plain(torch.nn.Module):\n\tpass\n"
        "class Any:\n\tdef __init__(self, **options): pass\n\tdef forward(self, data, run_info, module_info): pass\n"
    ),
    "broken.py": "class A:\n    def f(self:\n        pass\n",
    "fails.py": "import os\nx = 1\nimport not_there_at_all\n",
    "exits.py": "import sys\nsys.exit(3)\n",
    "dies.py": "import os\nos._exit(7)\n",
    "other/data.py": "class Data: pass\n",
    "venv/pyvenv.cfg": "",
    "venv/lib.py": "",
    "uses_venv.py": "import sys, os\nsys.path.append(os.path.join(os.path.dirname(__file__), 'venv'))\nimport lib\nclass A: pass\n",
    "random.py": "class A: pass\n",
    "own/elsewhere.py": "",
    "uses_path.py": (
        "import elsewhere\nimport os\nimport sys\nassert os.environ['PYTHONPATH'] == 'own'\n"
        "torch = os.path.dirname(os.path.dirname(sys.modules['torch'].__file__))\n"
        # What is installed does not go before it.
        "assert sys.path.index(os.path.dirname(elsewhere.__file__)) < sys.path.index(torch)\nclass A: pass\n"
    ),
}


class Describe(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.folder = os.path.realpath(cls.temporary.name)
        for name, text in FILES.items():
            path = Path(cls.folder, name)
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        wanted = [
            ("data.py", "Data"),
            ("model.py", "Net"),
            ("model.py", "Plain"),
            ("model.py", "Any"),
            ("model.py", "Nett"),
            ("broken.py", "A"),
            ("fails.py", "A"),
            ("exits.py", "A"),
            ("dies.py", "A"),
            ("none.py", "A"),
            ("other/data.py", "Data"),
            ("uses_venv.py", "A"),
            ("random.py", "A"),
            ("uses_path.py", "A"),
        ]
        classes = [{"path": os.path.join(cls.folder, file), "class": name} for file, name in wanted]
        all_of = [{"path": os.path.join(cls.folder, file), "class": None} for file in ("model.py", "exits.py")]
        request = {"folder": cls.folder, "start": cls.folder, "classes": classes + all_of}
        done = subprocess.run(
            [sys.executable, "-B", "-m", "mosaic_worker.describe"],
            input=json.dumps(request),
            capture_output=True,
            text=True,
            cwd=cls.folder,
            env={**os.environ, "MOSAIC_PYTHONPATH": "own"},
        )
        assert done.returncode == 0, done.stderr
        cls.printed = done.stderr
        cls.answer = json.loads(done.stdout)
        cls.of = {(file, name): each for (file, name), each in zip(wanted, cls.answer["classes"])}

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def test_says_versions(self):
        self.assertEqual(self.answer["python"], "%d.%d.%d" % sys.version_info[:3])
        self.assertTrue(self.answer["torch"])

    def test_says_what_classes_are(self):
        net = self.of["model.py", "Net"]
        self.assertTrue(net["isModule"])
        # The `forward` of torch.nn.Module only says that it is missing.
        self.assertEqual(net["methods"], ["parameters"])
        self.assertEqual(
            net["parameters"],
            [
                {"name": "width", "annotation": "int", "default": None, "required": True},
                {"name": "mode", "annotation": "Literal['a', 'b']", "default": "a", "required": False},
                {"name": "rate", "annotation": "Optional[float]", "default": "None", "required": False},
                {"name": "other", "annotation": None, "default": "3", "required": False},
            ],
        )
        self.assertEqual(self.of["model.py", "Plain"]["parameters"], [])
        self.assertEqual(
            [self.of["model.py", name]["takesAny"] for name in ("Net", "Plain", "Any")], [False, False, True]
        )
        self.assertEqual(self.of["data.py", "Data"]["methods"], ["prepare", "info"])

    def test_says_what_all_classes_of_a_file_are(self):
        others = self.answer["classes"][len(self.of) :]
        self.assertEqual([each["class"] for each in others], ["Net", "Plain", "Any", None])
        self.assertEqual(others[0]["parameters"], self.of["model.py", "Net"]["parameters"])
        self.assertIn("sys.exit(3)", others[3]["error"]["message"])

    def test_waits_for_no_file_without_end(self):
        from mosaic_worker import describe

        path = os.path.join(self.folder, "endless.py")
        Path(path).write_text("while True: pass\n")
        before, describe.IMPORT_SECONDS = describe.IMPORT_SECONDS, 0.5
        try:
            [(_, _, found)] = describe._in_child(self.folder, path, ["A"])
        finally:
            describe.IMPORT_SECONDS = before
        self.assertIn("__main__", found["error"]["message"])

    def test_finds_what_the_users_own_path_names(self):
        self.assertNotIn("error", self.of["uses_path.py", "A"])

    def test_says_what_is_imported_from_the_project_and_not_from_environments(self):
        names = lambda of: [os.path.relpath(each["path"], self.folder) for each in self.of[of]["files"]]
        self.assertEqual(names(("data.py", "Data")), ["data.py", "sibling.py"])
        self.assertEqual(names(("uses_venv.py", "A")), ["uses_venv.py"])
        self.assertIn("printed while", self.printed)

    def test_says_what_is_wrong(self):
        def error(file, name="A"):
            found = self.of[file, name]["error"]
            return found["kind"], found["line"], found["message"]

        self.assertEqual(error("model.py", "Nett")[0], "missing-class")
        self.assertEqual(self.of["model.py", "Nett"]["names"], ["Net", "Plain", "Any"])
        self.assertEqual(error("broken.py")[:2], ("syntax", 2))
        self.assertEqual(error("fails.py")[:2], ("import", 3))
        self.assertIn("not_there_at_all", error("fails.py")[2])
        self.assertEqual(error("exits.py"), ("import", 2, "it calls sys.exit(3) when it is imported"))
        self.assertIn("exit code 7", error("dies.py")[2])
        self.assertEqual(error("none.py")[0], "missing-file")
        self.assertIn("rename one of them", error("random.py")[2])


if __name__ == "__main__":
    unittest.main()
