#include "linux/serial_port.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <linux/serial.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <termios.h>
#include <unistd.h>

#include "cartwise/base/status_macros.hpp"

namespace cartwise::edge {
namespace {

/// Nothing of ours takes this long to leave an idle line.
constexpr absl::Duration kWritePatience = absl::Seconds(1);

absl::Status Fault(const std::string& what) {
  return absl::ErrnoToStatus(errno, what);
}

class SerialPort final : public Port {
 public:
  SerialPort(int fd, bool software_rts, const Clock& clock)
      : fd_(fd), software_rts_(software_rts), clock_(clock) {}
  ~SerialPort() override { close(fd_); }

  absl::Status Write(std::span<const uint8_t> bytes) override {
    const size_t wanted = bytes.size();
    const absl::Status status = Send(bytes);
    if (status.ok()) return status;
    return bytes.size() == wanted ? absl::FailedPreconditionError(status.message())
                                  : absl::UnavailableError(status.message());
  }

  absl::StatusOr<size_t> Read(std::span<uint8_t> into, absl::Duration until) override {
    CW_ASSIGN_OR_RETURN(const bool ready, Await(POLLIN, until));
    if (!ready) return size_t{0};
    const ssize_t got = read(fd_, into.data(), into.size());
    if (got > 0) return static_cast<size_t>(got);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return size_t{0};
    // An unplugged adapter reads as end of file or EIO.
    if (got == 0) return absl::UnavailableError("the port hung up");
    return Fault("read");
  }

  void DiscardInput() override { tcflush(fd_, TCIFLUSH); }

 private:
  /// Leaves in `bytes` what the system did not take.
  absl::Status Send(std::span<const uint8_t>& bytes) {
    if (software_rts_) CW_RETURN_IF_ERROR(SetRts(true));
    const absl::Status status = WriteAll(bytes);
    if (software_rts_) {
      tcdrain(fd_);
      CW_RETURN_IF_ERROR(SetRts(false));
    }
    return status;
  }

  absl::Status WriteAll(std::span<const uint8_t>& bytes) {
    const absl::Duration until = clock_.SinceBoot() + kWritePatience;
    while (!bytes.empty()) {
      const ssize_t written = write(fd_, bytes.data(), bytes.size());
      if (written > 0) {
        bytes = bytes.subspan(static_cast<size_t>(written));
      } else if (written < 0 && errno != EAGAIN && errno != EINTR) {
        return Fault("write");
      } else {
        CW_ASSIGN_OR_RETURN(const bool ready, Await(POLLOUT, until));
        if (!ready) return absl::UnavailableError("the port takes no bytes");
      }
    }
    return absl::OkStatus();
  }

  /// False when `until` came first.
  absl::StatusOr<bool> Await(short events, absl::Duration until) {
    pollfd item{.fd = fd_, .events = events, .revents = 0};
    const absl::Duration left = std::max(until - clock_.SinceBoot(), absl::ZeroDuration());
    const timespec timeout = absl::ToTimespec(left);
    const int ready = ppoll(&item, 1, &timeout, nullptr);
    if (ready < 0 && errno != EINTR) return Fault("poll");
    if (ready <= 0) return false;
    if ((item.revents & events) != 0) return true;
    return absl::UnavailableError("the port hung up");
  }

  absl::Status SetRts(bool on) {
    const int line = TIOCM_RTS;
    return ioctl(fd_, on ? TIOCMBIS : TIOCMBIC, &line) == 0 ? absl::OkStatus() : Fault("RTS");
  }

  const int fd_;
  const bool software_rts_;
  const Clock& clock_;
};

speed_t Speed(int baudrate) {
  switch (baudrate) {
    case 9600:
      return B9600;
    case 57600:
      return B57600;
    case 115200:
      return B115200;
    default:
      return B19200;
  }
}

bool IsPseudoTerminal(int fd) {
  struct stat about {};
  constexpr unsigned kFirst = 136, kLast = 143;  // majors of /dev/pts
  return fstat(fd, &about) == 0 && major(about.st_rdev) >= kFirst && major(about.st_rdev) <= kLast;
}

absl::Status Claim(int fd, const std::string& path) {
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    return absl::FailedPreconditionError(path + " is in use by another process");
  }
  // On a pseudo-terminal the mark would outlive this process, since the other
  // side keeps the terminal open.
  if (!IsPseudoTerminal(fd)) ioctl(fd, TIOCEXCL);
  return absl::OkStatus();
}

absl::Status MakeRaw(int fd, int baudrate, const std::string& path) {
  termios line{};
  if (tcgetattr(fd, &line) != 0) return Fault(path + " is no serial port");
  cfmakeraw(&line);
  line.c_cflag |= CREAD | CLOCAL;
  line.c_cflag &= ~static_cast<tcflag_t>(CRTSCTS | HUPCL | CSTOPB | PARENB);
  line.c_iflag &= ~static_cast<tcflag_t>(IXON | IXOFF);
  line.c_cc[VMIN] = 0;
  line.c_cc[VTIME] = 0;
  cfsetispeed(&line, Speed(baudrate));
  cfsetospeed(&line, Speed(baudrate));
  if (tcsetattr(fd, TCSANOW, &line) != 0) return Fault(path);
  return absl::OkStatus();
}

/// An FTDI adapter holds bytes back for 16 ms unless told otherwise.
void AskForLowLatency(int fd) {
  serial_struct serial{};
  if (ioctl(fd, TIOCGSERIAL, &serial) != 0 || (serial.flags & ASYNC_LOW_LATENCY) != 0) return;
  serial.flags |= ASYNC_LOW_LATENCY;
  if (ioctl(fd, TIOCSSERIAL, &serial) != 0) return;
  // Switching stalls some adapters once, for up to 250 ms.
  usleep(300'000);
}

bool KernelTurnsLine(int fd) {
  serial_rs485 mode{};
  mode.flags = SER_RS485_ENABLED | SER_RS485_RTS_ON_SEND;
  return ioctl(fd, TIOCSRS485, &mode) == 0;
}

}  // namespace

SerialPortOpener::SerialPortOpener(std::string path, int baudrate, RtsMode rts_mode,
                                   const Clock& clock, Diary& diary)
    : path_(std::move(path)),
      baudrate_(baudrate),
      rts_mode_(rts_mode),
      clock_(clock),
      diary_(diary) {}

absl::StatusOr<std::unique_ptr<Port>> SerialPortOpener::Open() {
  const int fd = open(path_.c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return Fault("cannot open " + path_);
  auto port = std::make_unique<SerialPort>(fd, rts_mode_ == RtsMode::kSoftware, clock_);
  CW_RETURN_IF_ERROR(Claim(fd, path_));
  CW_RETURN_IF_ERROR(MakeRaw(fd, baudrate_, path_));
  if (rts_mode_ == RtsMode::kKernel && !KernelTurnsLine(fd)) {
    diary_.Warning("the driver cannot turn the line around; leaving it to the adapter",
                   {{"port", path_}});
  }
  AskForLowLatency(fd);
  tcflush(fd, TCIOFLUSH);
  return port;
}

}  // namespace cartwise::edge
