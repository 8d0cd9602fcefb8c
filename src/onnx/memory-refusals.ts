/**
 * What ONNX Runtime 1.30 says when a device has not enough memory for a run: its arena on CPU and CUDA, the libraries
 * below it, Vulkan, and WebGPU's own limits on the buffers of one shader. There are no error codes for it.
 */
const REFUSALS =
  /failed to allocate|out of memory|out_of_(?:device_|host_)?memory|bad[ _]alloc|alloc_failed|failed to create buffer|too many storage buffers|larger than the maximum (?:storage )?buffer|exceeds the max(?:imum)? (?:storage )?buffer/i;

/** Whether a run failed for want of memory on its device, so that a smaller one may succeed. */
export const isOutOfMemory = (error: unknown): boolean => error instanceof Error && REFUSALS.test(error.message);
