import os
import shutil
import sys
from multiprocessing import Pool


def copy_file(source, destination):
    shutil.copyfile(source, destination)
    return destination


if __name__ == "__main__":
    source, destination = sys.argv[1:]
    pool = Pool(3)
    results = []
    for directory, _, names in os.walk(source):
        target = os.path.join(destination, os.path.relpath(directory, source))
        os.makedirs(target, exist_ok=True)
        for name in names:
            results.append(pool.apply_async(copy_file, (os.path.join(directory, name), os.path.join(target, name))))
    pool.close()
    pool.join()
    print(f"{sum(result.successful() for result in results)} files copied")
