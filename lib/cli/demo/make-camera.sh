#!/bin/sh
# Makes camera.mkv, the clip that `npm start` and the examples play: 12.8 seconds of ffmpeg's test picture, which shows
# a running clock, and a tone that beeps. H.264 baseline and AAC, about 280 kB, ten clusters.
#
# Each cluster must begin with a video keyframe, as each fragment of a camera does. ffmpeg begins a cluster at each
# keyframe (the limits below are never reached), but puts an audio packet that came just before into the new cluster.
# So none may come just before: 32 pictures of 40 ms last as long as 20 AAC frames of 64 ms, 1.28 s, which keeps the
# two in step, and the delay of 64 ms makes up for the frame with which the AAC encoder primes itself.
set -eu
cd "$(dirname "$0")"
ffmpeg -hide_banner -loglevel error -y \
  -f lavfi -i testsrc2=size=320x240:rate=25:duration=12.8 \
  -itsoffset 0.064 -f lavfi -i sine=frequency=440:beep_factor=4:sample_rate=16000:duration=12.8 \
  -c:v libx264 -profile:v baseline -preset veryslow -crf 30 -pix_fmt yuv420p \
  -g 32 -keyint_min 32 -sc_threshold 0 \
  -c:a aac -b:a 32k -ac 1 \
  -metadata:s:v:0 title=camera -metadata:s:a:0 title=microphone \
  -fflags +bitexact -flags:v +bitexact -flags:a +bitexact \
  -cluster_time_limit 5000 -cluster_size_limit 10000000 \
  -f matroska camera.mkv
