import os
import time
from multiprocessing import Pool, Process

TASKS = int(os.environ.get("TASKS", 20))


def count_primes(limit):
    return sum(all(n % d for d in range(2, int(n**0.5) + 1)) for n in range(2, limit))


if __name__ == "__main__":
    limits = [10_000 + index for index in range(TASKS)]

    start = time.perf_counter()
    with Pool(2) as pool:
        counts = pool.map(count_primes, limits)
    pooled = time.perf_counter() - start

    start = time.perf_counter()
    children = [Process(target=count_primes, args=(limit,)) for limit in limits]
    for child in children:
        child.start()
    for child in children:
        child.join()
    single = time.perf_counter() - start

    print(f"{len(counts)} results, the first is {counts[0]}")
    print(f"a pool of 2 took {pooled * 1000:.0f} ms, a process for each task {single * 1000:.0f} ms")
