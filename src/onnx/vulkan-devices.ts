import koffi from "koffi";

/** A device of the Vulkan loader, on which Dawn (ONNX Runtime's WebGPU) stands on Linux. */
export type VulkanDevice = {
  name: string;
  /** True for a program that plays a graphics card on the processor, as Mesa's lavapipe does. */
  isSoftware: boolean;
};

export const VULKAN_LOADER = "libvulkan.so.1";

// Of the Vulkan specification: VkInstanceCreateInfo (64 bytes where pointers have 8) with nothing but its sType, and
// VkPhysicalDeviceProperties, which begins with four numbers, the type and the name (VK_MAX_PHYSICAL_DEVICE_NAME_SIZE).
const INSTANCE_CREATE_INFO_BYTES = 64;
const STRUCTURE_TYPE_INSTANCE_CREATE_INFO = 1;
const PROPERTIES_BYTES = 1024;
const TYPE_AT = 16;
const NAME_AT = 20;
const MOST_NAME_BYTES = 256;
const TYPE_CPU = 4;
const MOST_DEVICES = 16;

/** Null where the loader is not installed; no devices where it finds no driver. */
export const vulkanDevices = (): VulkanDevice[] | null => {
  let loader: ReturnType<typeof koffi.load>;
  try {
    loader = koffi.load(VULKAN_LOADER);
  } catch {
    return null;
  }
  const create = loader.func("int vkCreateInstance(void *info, void *allocator, _Out_ void **instance)");
  const destroy = loader.func("void vkDestroyInstance(void *instance, void *allocator)");
  const enumerate = loader.func(
    "int vkEnumeratePhysicalDevices(void *instance, _Inout_ uint32_t *count, void *devices)",
  );
  const properties = loader.func("void vkGetPhysicalDeviceProperties(void *device, void *properties)");

  const info = Buffer.alloc(INSTANCE_CREATE_INFO_BYTES);
  info.writeUInt32LE(STRUCTURE_TYPE_INSTANCE_CREATE_INFO);
  const instance: [unknown] = [null];
  if (create(info, null, instance) !== 0) return [];
  try {
    const count: [number] = [MOST_DEVICES];
    const handles = Buffer.alloc(MOST_DEVICES * 8);
    if (enumerate(instance[0], count, handles) < 0) return [];
    return Array.from({ length: count[0] }, (_, index) => {
      const bytes = Buffer.alloc(PROPERTIES_BYTES);
      properties(koffi.decode(handles, index * 8, "void *"), bytes);
      const name = bytes.subarray(NAME_AT, NAME_AT + MOST_NAME_BYTES);
      return {
        name: name.toString("utf8", 0, Math.max(0, name.indexOf(0))),
        isSoftware: bytes.readUInt32LE(TYPE_AT) === TYPE_CPU,
      };
    });
  } finally {
    destroy(instance[0], null);
  }
};
