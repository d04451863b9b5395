"""OpenAI Responses, of the API, the ChatGPT back end, and what is compatible with them."""
