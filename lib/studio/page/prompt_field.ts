/// <reference lib="dom" />
import { html, useId, useMemo, useState, type VNode } from "./preact.ts";
import { suggestNames } from "./suggest.ts";

/** The prompt, with names that the teacher knows as suggestions. Enter makes the picture. */
export function PromptField({ value, names, onInput, onEnter }: {
  readonly value: string;
  readonly names: readonly string[];
  readonly onInput: (prompt: string) => void;
  readonly onEnter: () => void;
}): VNode {
  const id = useId();
  const [isOpen, setOpen] = useState(false);
  const [chosen, setChosen] = useState(-1);
  const suggestions = useMemo(() => suggestNames(value, names), [value, names]);
  const isShown = isOpen && suggestions.length > 0;
  const take = (index: number) => {
    onInput(suggestions[index]!.prompt);
    setOpen(false);
    setChosen(-1);
  };
  const move = (by: number) => {
    const count = suggestions.length + 1;
    setChosen((chosen + 1 + by + count) % count - 1);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.isComposing) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      if (isShown && chosen >= 0) return take(chosen);
      setOpen(false);
      onEnter();
    } else if (isShown && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      move(event.key === "ArrowDown" ? 1 : -1);
    } else if (isShown && event.key === "Escape") {
      setOpen(false);
    }
  };
  return html`
    <div class="prompt">
      <label for=${id}>Prompt</label>
      <textarea id=${id} rows="2" value=${value} placeholder="a castle on a blue background"
        role="combobox" aria-autocomplete="list" aria-expanded=${isShown ? "true" : "false"}
        aria-controls=${`${id}-list`}
        aria-activedescendant=${isShown && chosen >= 0 ? `${id}-${chosen}` : undefined}
        autocomplete="off" spellcheck=${false} autofocus
        onInput=${(event: InputEvent) => {
          onInput((event.target as HTMLTextAreaElement).value);
          setOpen(true);
          setChosen(-1);
        }}
        onKeyDown=${onKeyDown} onBlur=${() => setOpen(false)}></textarea>
      <ul id=${`${id}-list`} role="listbox" aria-label="Names that the teacher knows"
        class="suggestions" hidden=${!isShown}>
        ${suggestions.map(({ name }, i) =>
          html`
            <li id=${`${id}-${i}`} role="option" aria-selected=${i === chosen ? "true" : "false"}
              onMouseDown=${(event: MouseEvent) => event.preventDefault()}
              onClick=${() => take(i)}>${name}</li>
          `
        )}
      </ul>
    </div>
  `;
}
