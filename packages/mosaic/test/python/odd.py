"""A network that does something odd in its third step: its option `how` names the method."""
import _thread, ctypes, faulthandler, os, signal, subprocess, sys, threading, time
import torch
from torch import nn


class Odd(nn.Module):
    def __init__(self, how):
        super().__init__()
        self.how, self.steps = how, 0
        self.layer = nn.Linear(2, 1)

    def forward(self, data, run_info, module_info):
        self.steps += 1
        if self.steps == 3:
            getattr(self, self.how)()
        return self.layer(data)

    def info(self):
        return {}

    def save_model(self, path):
        torch.save(self.state_dict(), path + ".pt")

    def load_model(self, path):
        self.load_state_dict(torch.load(path + ".pt"))

    def plain(self):
        pass

    def exit_politely(self):
        sys.exit(3)

    def exit_at_once(self):
        print("the last line", flush=True)
        os._exit(7)

    def thread_fails(self):
        thread = threading.Thread(target=lambda: 1 / 0)
        thread.start()
        thread.join()

    def thread_exits(self):
        thread = threading.Thread(target=sys.exit)
        thread.start()
        thread.join()

    def thread_never_ends(self):
        threading.Thread(target=time.sleep, args=(1000,)).start()

    def raw_thread(self):
        _thread.start_new_thread(lambda: 1 / 0, ())
        time.sleep(0.1)

    def fork_goes_on(self):
        if os.fork() == 0:
            time.sleep(0.01)

    def fork_fails(self):
        if os.fork() == 0:
            raise ValueError("in the fork")

    def fork_exits(self):
        if os.fork() == 0:
            sys.exit(5)

    def fork_kills_itself(self):
        if os.fork() == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        os.wait()

    def holds_the_log(self):
        if os.fork() == 0:
            time.sleep(1000)
            os._exit(0)
        subprocess.Popen(["sleep", "1000"])
        subprocess.Popen(["sleep", "1000"], start_new_session=True, close_fds=False)

    def floods_from_behind(self):
        subprocess.Popen(["yes", "a line from behind"])
        time.sleep(0.2)

    def recurses(self):
        self.recurses()

    def recurses_deeply(self):
        sys.setrecursionlimit(10**9)


        def deeper(function):
            return sorted([0], key=lambda _: function(function))

        deeper(deeper)

    def crashes(self):
        print("before the crash")
        ctypes.string_at(0)

    def aborts(self):
        os.abort()

    def no_tensor(self):
        torch.empty(1 << 60)

    def no_memory(self):
        bytearray(1 << 60)

    def floods(self):
        for line in range(200_000):
            print("a line of the flood")

    def floods_one_line(self):
        sys.stdout.write("x" * 10_000_000)

    def closes_output(self):
        os.close(1)
        os.close(2)

    def closes_streams(self):
        sys.stdout.close()
        sys.stderr.close()

    def no_streams(self):
        sys.stdout = sys.stderr = None

    def closes_all(self):
        os.closerange(3, 256)

    def closes_and_opens(self):
        os.closerange(3, 256)
        self.files = [open(os.devnull, "w") for _ in range(20)]

    def alarm(self):
        signal.alarm(1)
        time.sleep(10)

    def killed_group(self):
        os.killpg(0, signal.SIGKILL)

    def killed_parent(self):
        os.kill(os.getppid(), signal.SIGKILL)
        time.sleep(10)

    def terminates(self):
        os.kill(os.getpid(), signal.SIGTERM)

    def interrupts(self):
        os.kill(os.getpid(), signal.SIGINT)

    def raises_interrupt(self):
        raise KeyboardInterrupt

    def watchdog(self):
        faulthandler.dump_traceback_later(0.5, exit=True)
        time.sleep(10)

    def own_faulthandler(self):
        faulthandler.enable()
        os.kill(os.getpid(), signal.SIGFPE)

    def changes_folder(self):
        os.chdir("/")

    def daemonizes(self):
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                os.closerange(0, 256)
                time.sleep(1000)
            os._exit(0)

    def many_files(self):
        self.files = []
        try:
            while True:
                self.files.append(open(os.devnull))
        except OSError:
            pass

    def many_files_fail(self):
        self.files = []
        while True:
            self.files.append(open(os.devnull))

    def writes_to_all(self):
        for number in range(3, 60):
            try:
                os.write(number, b"nonsense that is no frame at all")
            except OSError:
                pass

    def fails_in_c(self):
        torch.save({}, os.path.join(os.getcwd(), "no", "such", "folder.pt"))

    def stops(self):
        os.kill(os.getpid(), signal.SIGSTOP)


class Big(Odd):
    """A million weights."""

    def __init__(self, how):
        super().__init__(how)
        self.first = nn.Linear(2, 1000)
        self.second = nn.Linear(1000, 1000)
        self.layer = nn.Linear(1000, 1)

    def forward(self, data, run_info, module_info):
        return super().forward(self.second(self.first(data)), run_info, module_info)
