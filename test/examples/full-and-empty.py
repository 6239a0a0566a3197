from multiprocessing import Queue
from queue import Empty, Full

queue = Queue(3)
for item in ["one", "two", "three"]:
    queue.put(item)
print(f"full: {queue.full()}, size: {queue.qsize()}")

try:
    queue.put("four", timeout=0.1)
except Full:
    print("put: full")
try:
    queue.put_nowait("four")
except Full:
    print("putNowait: full")

print(queue.get(), queue.get(), queue.get())
print(f"empty: {queue.empty()}")

try:
    queue.get(timeout=0.1)
except Empty:
    print("get: empty")
try:
    queue.get_nowait()
except Empty:
    print("getNowait: empty")
