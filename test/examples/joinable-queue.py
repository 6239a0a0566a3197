from multiprocessing import JoinableQueue, Process, Queue


def work(jobs, results):
    while True:
        number = jobs.get()
        results.put(number * number)
        jobs.task_done()


if __name__ == "__main__":
    jobs, results = JoinableQueue(4), Queue()
    for _ in range(2):
        Process(target=work, args=(jobs, results), daemon=True).start()
    for number in range(1, 11):
        jobs.put(number)
    jobs.join()
    print(f"all done, the squares add up to {sum(results.get() for _ in range(10))}")
