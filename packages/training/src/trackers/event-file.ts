/**
 * TensorBoard's event files: TFRecord frames, each around an Event message with scalars.
 *
 * Formats: tensorflow/core/lib/io/record_writer.h; tensorboard/compat/proto/event.proto and summary.proto.
 */
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { maskedCrc32c } from "./crc32c.ts";

export type Scalars = Readonly<Record<string, number>>;

/** The first record of a file. @param seconds since 1970 */
export function fileVersion(seconds: number): Uint8Array {
  return frame(message(seconds, 0, (event) => event.tag(3, WireType.LengthDelimited).string("brain.Event:2")));
}

/**
 * Says that the run goes on from this step: what other files of the folder have of it or of later ones does not count.
 */
export function sessionStart(seconds: number, step: number): Uint8Array {
  const start = 1;
  return frame(
    message(seconds, step, (event) => {
      event.tag(7, WireType.LengthDelimited).fork();
      event.tag(1, WireType.Varint).int32(start).join();
    }),
  );
}

export function scalarSummary(seconds: number, step: number, scalars: Scalars): Uint8Array {
  return frame(
    message(seconds, step, (event) => {
      event.tag(5, WireType.LengthDelimited).fork();
      for (const [tag, value] of Object.entries(scalars)) {
        event.tag(1, WireType.LengthDelimited).fork();
        event.tag(1, WireType.LengthDelimited).string(tag);
        // Beyond the range of float32 it becomes infinite, as the loss has.
        event.tag(2, WireType.Bit32).float(Math.fround(value)).join();
      }
      event.join();
    }),
  );
}

function message(seconds: number, step: number, what: (event: BinaryWriter) => void): Uint8Array {
  const event = new BinaryWriter();
  event.tag(1, WireType.Bit64).double(seconds);
  event.tag(2, WireType.Varint).int64(step);
  what(event);
  return event.finish();
}

/** Length [8 bytes], masked CRC of the length [4], the bytes, masked CRC of them [4]; all little-endian. */
function frame(bytes: Uint8Array): Uint8Array {
  const record = Buffer.alloc(16 + bytes.length);
  record.writeBigUInt64LE(BigInt(bytes.length), 0);
  record.writeUInt32LE(maskedCrc32c(record.subarray(0, 8)), 8);
  record.set(bytes, 12);
  record.writeUInt32LE(maskedCrc32c(bytes), 12 + bytes.length);
  return record;
}
