from multiprocessing import Process, Queue


def produce(queue):
    for word in ["copy", "a", "folder"]:
        queue.put(word)
    queue.put(None)


def consume(queue):
    while (word := queue.get()) is not None:
        print(f"got {word}", flush=True)
    print("got the end marker")


if __name__ == "__main__":
    queue = Queue(2)
    producer = Process(target=produce, args=(queue,))
    consumer = Process(target=consume, args=(queue,))
    producer.start()
    consumer.start()
    producer.join()
    consumer.join()
