import os
from multiprocessing import Manager, Process

PROCESSES = int(os.environ.get("PROCESSES", 100))


def count_down(shared, lock):
    with lock:
        shared["count"] -= 1


if __name__ == "__main__":
    with Manager() as manager:
        shared = manager.dict(count=PROCESSES)
        lock = manager.Lock()
        children = [Process(target=count_down, args=(shared, lock)) for _ in range(PROCESSES)]
        for child in children:
            child.start()
        for child in children:
            child.join()
        print(f"{PROCESSES} processes counted down to {shared['count']}")
