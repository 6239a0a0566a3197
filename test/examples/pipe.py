from multiprocessing import Pipe, Process


def send(end):
    end.send({"any": "value"})
    end.send_bytes(b"or bytes")
    end.close()


if __name__ == "__main__":
    reader, writer = Pipe(duplex=False)
    child = Process(target=send, args=(writer,))
    child.start()
    writer.close()
    print("received", reader.recv())
    print("received", reader.recv_bytes())
    try:
        reader.recv()
    except EOFError:
        print("end of file")
    child.join()
