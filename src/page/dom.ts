import { printable } from '../values/printable.ts';

const SVG = 'http://www.w3.org/2000/svg';

type Attributes = Readonly<Record<string, string | number>>;

/** Shows a text of the network. Control characters are escaped, and nothing in it is read as HTML. */
export function show(element: Element, text: string): void {
  const shown = printable(text);
  if (element.textContent !== shown) element.textContent = shown;
}

export const setClass = (element: Element, name: string, isOn: boolean): void =>
  void element.classList.toggle(name, isOn);

function fill<T extends Element>(
  element: T,
  attributes: Attributes,
  children: readonly (Element | string)[],
): T {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  for (const child of children) element.append(typeof child === 'string' ? printable(child) : child);
  return element;
}

export const html = <Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Attributes = {},
  ...children: readonly (Element | string)[]
): HTMLElementTagNameMap[Name] => fill(document.createElement(name), attributes, children);

export const svg = <Name extends keyof SVGElementTagNameMap>(
  name: Name,
  attributes: Attributes = {},
  ...children: readonly (Element | string)[]
): SVGElementTagNameMap[Name] => fill(document.createElementNS(SVG, name), attributes, children);

export const byId = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T;
