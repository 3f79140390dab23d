/** A mistake of a driver module that its author can mend: what it did, where, and what was expected. */
export class DriverFault extends Error {
  override readonly name = 'DriverFault';

  constructor(
    /** Name of the driver. */
    readonly driver: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
