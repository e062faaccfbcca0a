/** Samples of one MPEG-1 Layer III frame. */
const samplesPerFrame = 1152;
const sampleRate = 44100;
/** Of a frame at 128 kbit/s and 44.1 kHz without padding: 144 · 128000 / 44100, rounded down. */
const frameBytes = 417;

/** An MP3 of silence: frames whose side information is zero hold no sound. */
export function silentMp3(seconds: number, channels: number): Buffer {
  const frames = Math.max(1, Math.ceil((seconds * sampleRate) / samplesPerFrame));
  const bytes = Buffer.alloc(frames * frameBytes);
  // Sync, MPEG-1, Layer III, no checksum; 128 kbit/s, 44.1 kHz; stereo or mono.
  for (let frame = 0; frame < frames; frame += 1) bytes.set([0xff, 0xfb, 0x90, channels === 1 ? 0xc0 : 0x00], frame * frameBytes);
  return bytes;
}
