/** The size of an element as it changes. */
import { onBeforeUnmount, onMounted, reactive, type Ref } from 'vue';

/** Width and height in CSS pixels of the element behind a template ref; 0 before it is there. */
export function useElementSize(element: Ref<HTMLElement | null>): { width: number; height: number } {
  const size = reactive({ width: 0, height: 0 });
  const observer = new ResizeObserver((entries) => {
    const box = entries[entries.length - 1]!.contentRect;
    size.width = Math.floor(box.width);
    size.height = Math.floor(box.height);
  });
  onMounted(() => {
    if (element.value !== null) observer.observe(element.value);
  });
  onBeforeUnmount(() => observer.disconnect());
  return size;
}
