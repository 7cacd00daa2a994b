// Times Meta's own file hasher (its definition: at most 512 pixels on a side, nearest neighbour first), linked with libjpeg.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>

#include <pdq/cpp/hashing/pdqhashing.h>
#include <pdq/cpp/io/pdqio.h>

int main(int count, char** words) {
  const int rounds = count > 2 ? std::atoi(words[1]) : 0;
  for (int file = 2; file < count; ++file) {
    double least = 1e300;
    for (int round = 0; round < rounds; ++round) {
      facebook::pdq::hashing::Hash256 hash;
      int quality = 0, size = 0;
      float reading = 0, hashing = 0;
      timespec begin, end;
      clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
      if (!facebook::pdq::hashing::pdqHash256FromFile(words[file], hash, quality, size, reading, hashing)) return 1;
      clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
      least = std::min(least, (end.tv_sec - begin.tv_sec) * 1e6 + (end.tv_nsec - begin.tv_nsec) / 1e3);
    }
    std::printf("%.1f\n", least);
  }
  return 0;
}
