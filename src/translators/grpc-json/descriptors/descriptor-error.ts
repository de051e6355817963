// Why descriptors could not be made or read, in words for the author of the configuration.

/** A `.proto` source, a descriptor set or a reflection answer that cannot be used. The message names the file. */
export class DescriptorError extends Error {
  override readonly name = "DescriptorError";
}
