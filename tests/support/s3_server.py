"""An S3 server in memory on a free port of 127.0.0.1, with the bucket named by its argument: prints the port and
serves until its standard input ends."""
import sys
import urllib.request

from moto.moto_server.threaded_moto_server import ThreadedMotoServer

server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
port = server.get_host_and_port()[1]
urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{port}/{sys.argv[1]}", method="PUT")).close()
print(port, flush=True)
sys.stdin.read()
server.stop()
