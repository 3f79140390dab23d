/** Lets templates carry `data-` attributes under strict checking. */
import 'vue';

declare module 'vue' {
  interface HTMLAttributes {
    [attribute: `data-${string}`]: unknown;
  }
  interface SVGAttributes {
    [attribute: `data-${string}`]: unknown;
  }
}
