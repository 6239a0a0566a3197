from multiprocessing import Manager, Pool


def download(name, progress):
    for percent in (50, 100):
        progress.put((name, percent))


if __name__ == "__main__":
    with Manager() as manager, Pool(2) as pool:
        progress = manager.Queue(4)
        results = [pool.apply_async(download, (name, progress)) for name in "abc"]
        for _ in range(6):
            name, percent = progress.get()
            print(f"{name}: {percent} %")
        for result in results:
            result.get()
