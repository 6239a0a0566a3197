import time
from multiprocessing import Pool


def work(name):
    time.sleep(0.3)
    return f"{name} done"


if __name__ == "__main__":
    with Pool(3) as pool:
        start = time.perf_counter()
        for name in "abc":
            print(pool.apply(work, (name,)))
        print(f"one after the other: {(time.perf_counter() - start) * 1000:.0f} ms")

        start = time.perf_counter()
        results = [pool.apply_async(work, (name,)) for name in "def"]
        print(f"ready at once? {results[0].ready()}")
        for result in results:
            print(result.get())
        print(f"side by side: {(time.perf_counter() - start) * 1000:.0f} ms")
