import os
from multiprocessing import Pool


def divide(a, b):
    print(f"the task runs in {os.getpid()}", flush=True)
    return a / b


def callback(result):
    print(f"the callback runs in {os.getpid()}: {result}")


def error_callback(error):
    print(f"the error callback runs in {os.getpid()}: {error}")


if __name__ == "__main__":
    print(f"the parent is {os.getpid()}", flush=True)
    pool = Pool(2)
    pool.apply_async(divide, (6, 3), callback=callback, error_callback=error_callback)
    pool.apply_async(divide, (1, 0), callback=callback, error_callback=error_callback)
    pool.close()
    pool.join()
