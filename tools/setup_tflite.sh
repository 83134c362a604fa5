#!/usr/bin/env bash
# Unpacks the pinned TensorFlow Lite (its C API, of Maven Central's org.bytedeco:tensorflow-lite; 4 MB down, 12 MB
# on disk) under .deps/tflite, for .tflite models in `penstock predict` and Evaluator. Idempotent.
set -euo pipefail
cd "$(dirname "$0")/.."

version=2.21.0-1.5.14
hash=97061333854967aadf2f092681d63af90b804db3800f007cffd24a2901f4bc72
if [ "$(cat .deps/tflite/stamp 2>/dev/null)" = "$version" ]; then exit 0; fi

rm -rf .deps/tflite.new
mkdir -p .deps/tflite.new
python3 - "$version" "$hash" .deps/tflite.new <<'PYTHON'
import hashlib
import io
import sys
import urllib.request
import zipfile

version, expected, folder = sys.argv[1:]
jar = f"tensorflow-lite/{version}/tensorflow-lite-{version}-linux-x86_64.jar"
data = urllib.request.urlopen("https://repo1.maven.org/maven2/org/bytedeco/" + jar, timeout=120).read()
actual = hashlib.sha256(data).hexdigest()
if actual != expected:
    sys.exit(f"setup_tflite: {jar} has the hash {actual}, expected is {expected}")
library = "org/bytedeco/tensorflowlite/linux-x86_64/libjnitensorflowlite.so"
with open(folder + "/libjnitensorflowlite.so", "wb") as file:
    file.write(zipfile.ZipFile(io.BytesIO(data)).read(library))
PYTHON
echo "$version" > .deps/tflite.new/stamp
rm -rf .deps/tflite
mv .deps/tflite.new .deps/tflite
