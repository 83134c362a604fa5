"""The download of the census data: what comes is held against its hash, and nothing else is kept."""
import functools
import hashlib
import http.server
import importlib.util
import os
import pathlib
import tempfile
import threading
import unittest

SHARED = pathlib.Path(os.environ.get("PENSTOCK_TEST_DATA", pathlib.Path(__file__).resolve().parent.parent.parent / "shared"))
TOOL = pathlib.Path(__file__).resolve().parent.parent / "tools" / "get_data.py"


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


class AdultDownloadTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        root = pathlib.Path(self.folder.name)
        (root / "served").mkdir()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=root / "served"))
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        spec = importlib.util.spec_from_file_location("get_data", TOOL)
        self.tool = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(self.tool)
        self.tool.DATA = root / "data"
        self.tool.ADULT_URL = f"http://127.0.0.1:{self.server.server_port}/"
        self.tool.ADULT = {}
        for name in ("adult_train.csv", "adult_test.csv"):
            content = f"age,sex\n39,{name}\n".encode()
            (root / "served" / name).write_bytes(content)
            self.tool.ADULT[name] = hashlib.sha256(content).hexdigest()
        os.environ["PENSTOCK_TEST_DATA"] = str(root / "nothing")

    def tearDown(self):
        self.server.shutdown()
        self.server.server_close()
        self.folder.cleanup()

    def test_what_has_the_hash_is_kept(self):
        target = self.tool.get_adult()
        self.assertEqual(sorted(path.name for path in target.iterdir()), ["adult_test.csv", "adult_train.csv"])
        self.assertIn(b"adult_train.csv", (target / "adult_train.csv").read_bytes())

    def test_what_is_there_already_is_not_asked_for_again(self):
        self.tool.get_adult()
        self.server.shutdown()
        self.tool.get_adult()

    def test_what_has_another_hash_is_refused_and_not_kept(self):
        self.tool.ADULT["adult_train.csv"] = "0" * 64
        with self.assertRaisesRegex(SystemExit, "adult_train.csv is not the pinned one"):
            self.tool.get_adult()
        self.assertFalse((self.tool.DATA / "adult").exists())

    def test_the_pinned_hashes_are_those_of_the_shared_files(self):
        shared = SHARED / "data" / "adult"
        if not shared.exists():
            self.skipTest("the shared files are not there")
        spec = importlib.util.spec_from_file_location("get_data", TOOL)
        fresh = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(fresh)
        for name, digest in fresh.ADULT.items():
            self.assertEqual(hashlib.sha256((shared / name).read_bytes()).hexdigest(), digest)


if __name__ == "__main__":
    unittest.main()
